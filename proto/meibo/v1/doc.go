// Package meibov1 is the wire: the messages that travel between the services of Meibo, and nothing else.
//
// The domain has types of its own, and one file (internal/queue/wire.go) converts between them and checks what comes
// in.
package meibov1
