package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/meibo/meibo/services/uploader"
)

// openapiCmd writes the OpenAPI document, for programs that are built against it: it is the same as that of a server of
// this version, which need not run.
type openapiCmd struct {
	PublicURL string `default:"http://localhost:8080" env:"MEIBO_PUBLIC_URL" placeholder:"URL" help:"How the API is reached, as the document says."`
	Output    string `short:"o" placeholder:"FILE" help:"Where to write; standard output otherwise."`
}

// Validate is called by kong.
func (o *openapiCmd) Validate() error {
	if u, err := url.Parse(o.PublicURL); err != nil || u.Host == "" {
		return fmt.Errorf("--public-url %q: use an address such as https://meibo.example.com", o.PublicURL)
	}
	return nil
}

// Run is called by kong.
func (o *openapiCmd) Run(c *console) error {
	document, err := uploader.Document(o.PublicURL)
	if err != nil {
		return err
	}
	return writeTo(c, o.Output, func(w io.Writer) error {
		_, err := w.Write(append(document, '\n'))
		return err
	})
}
