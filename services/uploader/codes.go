package uploader

import (
	"context"

	"github.com/meibo/meibo/internal/member"
)

// codeView is a code of a problem or a warning, with what people read.
type codeView struct {
	Code string      `json:"code" example:"phone_invalid" doc:"Stable: a code keeps its meaning for ever."`
	Text member.Text `json:"text" doc:"What is wrong and what to do, in both languages; where a field or a detail would stand, a general word does."`
}

type codesOutput struct {
	Body struct {
		Items []codeView `json:"items"`
	} `nameHint:"CodeList"`
}

// listCodes is GET /v1/codes.
func (s *server) listCodes(context.Context, *struct{}) (*codesOutput, error) {
	var out codesOutput
	for _, c := range member.Codes() {
		out.Body.Items = append(out.Body.Items, codeView{string(c), member.Problem{Code: c}.Text()})
	}
	return &out, nil
}
