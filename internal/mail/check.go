package mail

import (
	"context"
	"errors"
	"fmt"
)

// Check connects to the server as for a message, with TLS and the password, and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return fmt.Errorf("check mail server: %w", ctx.Err())
	}
	defer func() { s.turn <- struct{}{} }()
	if s.current != nil {
		s.hangUp()
	}
	if err := s.connect(ctx); err != nil {
		if ended := ended(ctx); ended != nil {
			err = errors.Join(ended, err)
		}
		return fmt.Errorf("check mail server: %w", err)
	}
	s.hangUp()
	return nil
}
