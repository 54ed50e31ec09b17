package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// TemplateOptions say which template. Empty ones are the server's defaults, but for the list, which has none.
type TemplateOptions struct {
	List string
	// Kind is member or lead.
	Kind string
	// Encoding is that of a CSV: utf-8 or shift_jis.
	Encoding string
	// XLSX asks for a workbook instead of a CSV.
	XLSX bool
}

// Template writes an empty file for a list to w.
func (c *Client) Template(ctx context.Context, o TemplateOptions, w io.Writer) error {
	r := request{method: http.MethodGet, path: "/v1/templates/" + url.PathEscape(o.List) + ".csv", query: url.Values{}}
	if o.XLSX {
		r.path = "/v1/templates/" + url.PathEscape(o.List) + ".xlsx"
	}
	for name, value := range map[string]string{"kind": o.Kind, "encoding": o.Encoding} {
		if value != "" {
			r.query.Set(name, value)
		}
	}
	if err := c.download(ctx, r, w); err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	return nil
}

// download writes a file to w as it comes in.
func (c *Client) download(ctx context.Context, r request, w io.Writer) error {
	res, err := c.send(ctx, r, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(w, res.Body); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file broke off")
		}
		return err
	}
	return nil
}
