package main

import (
	"net/url"

	"github.com/meibo/meibo/internal/client"
)

// server is how a command reaches the API.
type server struct {
	Server string `default:"http://127.0.0.1:8080" env:"MEIBO_SERVER" placeholder:"URL" help:"Address of the server."`
	APIKey string `name:"api-key" required:"" env:"MEIBO_API_KEY" placeholder:"KEY" help:"API key."`
	JSON   bool   `name:"json" help:"Write one JSON document to standard output, and nothing else."`
}

// client returns a client that answers in the console's language.
func (s *server) client(c *console) (*client.Client, error) {
	address, err := url.Parse(s.Server)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, usageError{errorText(c.say(
			"--server には http:// または https:// で始まるアドレスを指定してください。", "--server has to be an address that begins with http:// or https://."))}
	}
	api := client.New(s.Server, s.APIKey)
	api.Language = string(c.language)
	api.Waiting = func(why error) {
		c.note("%s", c.say("サーバーの応答を待っています。つながり次第、続きから再開します：", "Waiting for the server, to go on from there: ")+printable(c.explain(why)))
	}
	return api, nil
}

// errorText is an error that is a sentence for people, in their language.
type errorText string

func (e errorText) Error() string { return string(e) }
