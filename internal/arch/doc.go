// Package arch keeps the architecture true. It has no code but its tests, which read the source as it is: which
// package imports which, who owns a client library, and what may stand at the top of the repository.
//
//	cmd ──▶ services ──▶ internal/{postgres,queue,blob,sheet,mail,…} ──▶ internal/{member,imports,tenant}
//
// A test that fails names the arrow that points the wrong way. Mend the code, or where the rule was wrong, the
// rule: both in the open.
package arch
