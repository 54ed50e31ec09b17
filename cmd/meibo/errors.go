package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
)

// exitStatus is an error of which everything is told already.
type exitStatus int

func (e exitStatus) Error() string { return "exit status " + strconv.Itoa(int(e)) }

// usageError is a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// statusOf returns the exit status for an error.
func statusOf(err error) int {
	var usage usageError
	var problem *client.Problem
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &problem):
		if _, ok := problem.About(); ok && problem.Status == http.StatusUnprocessableEntity {
			return exitUsage // an option has a value that the server does not know, or --map one that does not fit
		}
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

// failure is the JSON document of a command that has failed.
type failure struct {
	Error failureError `json:"error"`
}

type failureError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Status is that of the server's answer; 0 where there was none.
	Status int                  `json:"status,omitempty"`
	Errors []client.ProblemPart `json:"errors,omitempty"`
}

// tell writes what went wrong for people and, where it was asked for, for programs.
func (c *console) tell(err error) {
	f := failureError{Code: "failed", Detail: c.explain(err)}
	var problem *client.Problem
	var usage usageError
	var unsupported *sheet.Unsupported
	switch {
	case errors.As(err, &unsupported):
		f.Code = string(unsupported.Code)
	case errors.As(err, &problem):
		f.Code, f.Status, f.Errors = problem.Code, problem.Status, problem.Errors
	case errors.As(err, &usage):
		f.Code = "usage"
	case errors.Is(err, context.Canceled):
		f.Code = "interrupted"
	}
	if problem != nil && len(problem.Sentences()) > 2 { // several parts are wrong: a line for each
		c.note("meibo: %s", strings.Join(problem.Sentences(), "\n  "))
	} else {
		c.note("meibo: %s", f.Detail)
	}
	if f.Code == "usage" {
		c.note("%s", c.say("使い方は次のコマンドで確認できます：", "To see how it is used: ")+c.name+" --help")
	}
	if c.json && !c.written {
		_ = c.document(failure{f}) // nothing is left to be told if standard output is gone
	}
}

// explain says for people what went wrong.
func (c *console) explain(err error) string {
	var problem *client.Problem
	var network *url.Error
	var dial *net.OpError
	var unsupported *sheet.Unsupported
	switch {
	case errors.As(err, &problem) && problem.Status == 401:
		return problem.Error() + c.say("（--api-key または MEIBO_API_KEY を確認してください）", " (see --api-key or MEIBO_API_KEY)")
	case errors.As(err, &problem) && problem.Code == "mapping_required":
		return problem.Error() + c.say("（--header-row 1 または --map 1=member_sn のように指定します）", " (as in --header-row 1, or in --map 1=member_sn)")
	case errors.As(err, &problem):
		return problem.Error()
	case errors.As(err, &unsupported):
		return unsupported.Reason.In(c.language)
	case errors.Is(err, devstack.ErrInUse):
		return c.say("データフォルダーは別の meibo が使用中です：", "Another meibo runs on it: ") + err.Error()
	case errors.Is(err, postgres.ErrExists):
		return c.say("すでに存在します：", "It exists already: ") + c.said(err)
	case errors.Is(err, postgres.ErrNotFound):
		return c.say("見つかりません：", "It cannot be found: ") + c.said(err)
	case errors.Is(err, context.Canceled):
		return c.say("中断しました。", "Interrupted.")
	case errors.As(err, &network) && errors.As(err, &dial) && dial.Op == "dial":
		return c.say("サーバーに接続できません（--server または MEIBO_SERVER を確認してください）：",
			"The server cannot be reached (see --server or MEIBO_SERVER): ") + network.Err.Error()
	}
	return c.said(err)
}
