package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// lookAtServices asks each service whether it is ready.
func lookAtServices(ctx context.Context, addresses []string) map[string]error {
	said := map[string]error{}
	for _, address := range addresses {
		said[address] = ready(ctx, strings.TrimRight(address, "/")+"/readyz")
	}
	return said
}

// ready asks one service, whose answer names what it misses.
func ready(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("the address is not of the form http://host:port")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		var about *url.Error
		if errors.As(err, &about) {
			err = about.Err
		}
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var status struct {
		Failures map[string]string `json:"failures"`
	}
	_ = json.NewDecoder(io.LimitReader(answer.Body, 1<<16)).Decode(&status) // what is not JSON names nothing
	return fmt.Errorf("status %d, without: %s", answer.StatusCode, strings.Join(slices.Sorted(maps.Keys(status.Failures)), ", "))
}
