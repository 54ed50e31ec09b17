package mail

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Config says which server takes our mail, and whom it comes from.
type Config struct {
	// Addr is the server as host:port.
	Addr string `env:"MEIBO_SMTP_ADDR,required,notEmpty"`
	// User and Password are given together, or not at all where the server asks for none. A password is never
	// sent in the clear to another machine.
	User     string `env:"MEIBO_SMTP_USER"`
	Password string `env:"MEIBO_SMTP_PASSWORD"`
	TLS      TLS    `env:"MEIBO_SMTP_TLS" envDefault:"starttls"`
	// From is the sender of messages that name none, as RFC 5322 writes an address.
	From string `env:"MEIBO_MAIL_FROM,required,notEmpty"`
}

// Validate reports everything that is wrong with the configuration together, by the names of the settings.
func (c Config) Validate() error {
	var errs []error
	host, port, err := net.SplitHostPort(c.Addr)
	if n, numErr := strconv.ParseUint(port, 10, 16); err != nil || numErr != nil || host == "" || n == 0 {
		errs = append(errs, errors.New("MEIBO_SMTP_ADDR is not host:port"))
	}
	if (c.User == "") != (c.Password == "") {
		errs = append(errs, errors.New("MEIBO_SMTP_USER and MEIBO_SMTP_PASSWORD: one is set without the other"))
	}
	if _, err := parseAddress(c.From); err != nil {
		errs = append(errs, errors.New("MEIBO_MAIL_FROM is not an address"))
	}
	return errors.Join(errs...)
}

// TLS says how the connection to the server is protected. The zero TLS is StartTLS.
type TLS uint8

// The ways to protect a connection. With StartTLS a server that does not offer it gets no mail, rather than mail in
// the clear.
const (
	StartTLS    TLS = iota // "starttls": plain at first, protected before anything is said (RFC 3207)
	ImplicitTLS            // "tls": protected from the first byte (RFC 8314)
	NoTLS                  // "none": for a server on the same machine or network
)

var tlsNames = [...]string{StartTLS: "starttls", ImplicitTLS: "tls", NoTLS: "none"}

// String returns the name that the configuration uses.
func (t TLS) String() string { return tlsNames[t] }

// UnmarshalText reads the name that the configuration uses.
func (t *TLS) UnmarshalText(text []byte) error {
	for i, name := range tlsNames {
		if name == string(text) {
			*t = TLS(i)
			return nil
		}
	}
	return fmt.Errorf("%q is none of starttls, tls, none", text)
}
