// Package embedded runs the parts that Meibo needs from outside, for `meibo dev` and for tests: a PostgreSQL server, an
// S3-compatible store, a NATS server and a mail catcher.
//
//	            one process                      its children
//	┌──────────────────────────────────┐
//	│ Stack ─┬─ Postgres ──────────────┼──▶ postgres (from the machine)
//	│        ├─ S3 ────────────────────┼──▶ this binary again (RunIfChild)
//	│        ├─ NATS        in process │
//	│        └─ MailCatcher in process │
//	└──────────────────────────────────┘
//
// What is promised, for each part:
//
//   - It speaks the real protocol on 127.0.0.1, so that nothing in the services knows the difference.
//   - Everything it keeps is under its own directory. Starting again on the same directory finds all data, the same
//     secrets and, where it is still free, the same port. Secrets are in files that only their owner can read.
//   - One directory is used by one process at a time; a second one gets an error that names the first.
//   - A child dies with its parent, even if that is killed; where a system cannot do that, the next start ends the
//     child that was left over.
//   - It runs as an ordinary user and as root; PostgreSQL, which refuses root, is then run as another user.
//   - The context of a Start function bounds the start only; the part runs until Close.
//
// Linux and macOS are supported.
package embedded
