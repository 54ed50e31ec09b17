package uploader

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/meibo/meibo/internal/tenant"
)

// parameter is a value that the query of a download may have.
type parameter struct {
	name string
	// accepted are the values; the first is the default.
	accepted []string
}

// languages are the values of the parameter language, beside the default: what Accept-Language says.
var languages = parameter{"language", []string{"", string(tenant.Japanese), string(tenant.English)}}

// parameters reads the query of a download; case does not matter. The error is a refusal that names what is not
// accepted. From then on the request is answered in the language that it asks for.
func parameters(r *http.Request, known ...parameter) (map[string]string, error) {
	known = append(known, languages)
	values := make(map[string]string, len(known))
	var wrong []part
	query := r.URL.Query()
	for _, p := range known {
		value := strings.ToLower(query.Get(p.name))
		if value == "" {
			value = p.accepted[0]
		} else if !slices.Contains(p.accepted, value) {
			wrong = append(wrong, badOption(p.name, strings.Trim(strings.Join(p.accepted, ", "), ", ")))
		}
		values[p.name] = value
	}
	for name := range query {
		if !slices.ContainsFunc(known, func(p parameter) bool { return p.name == name }) {
			wrong = append(wrong, part{code: codeUnknownOption, option: name, fill: []string{"option", name}})
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b part) int { return strings.Compare(a.option, b.option) })
		return nil, invalid(wrong...)
	}
	speak(r.Context(), values[languages.name])
	return values, nil
}

// speak answers the request in that language instead of the one of its header; "" leaves it as it is.
func speak(ctx context.Context, language string) {
	if language != "" {
		sessionOf(ctx).language = tenant.Language(language)
	}
}

// The media types of downloads.
const (
	typeCSV  = "text/csv"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// attach names the file that the answer is saved as: name may be in any script (RFC 6266 and RFC 8187), plain is for
// programs that know ASCII only.
func attach(w http.ResponseWriter, mediaType, plain, name string) {
	escaped := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+plain+`"; filename*=UTF-8''`+escaped)
}

// breakOff ends an answer that cannot be completed: half a file must not look like a whole one.
func breakOff(r *http.Request, err error) {
	if r.Context().Err() == nil {
		sessionOf(r.Context()).err = err
	}
	panic(http.ErrAbortHandler)
}
