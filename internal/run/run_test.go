package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
)

type testConfig struct {
	Name string `env:"MEIBO_TEST_NAME,required"`
	Port int    `env:"MEIBO_TEST_PORT" envDefault:"1"`
}

// TestMain lets the tests start this binary as a service of its own, to send it signals.
func TestMain(m *testing.M) {
	switch os.Getenv("RUN_TEST_SERVICE") {
	case "obedient":
		Main("obedient", func(ctx context.Context, _ testConfig, log *zap.Logger) error {
			log.Info("waiting")
			<-ctx.Done()
			return ctx.Err()
		})
	case "stubborn":
		Main("stubborn", func(ctx context.Context, _ testConfig, log *zap.Logger) error {
			log.Info("waiting")
			<-ctx.Done()
			log.Info("ignoring")
			select {}
		})
	case "failing":
		Main("failing", func(context.Context, testConfig, *zap.Logger) error { return errors.New("no luck") })
	}
	os.Exit(m.Run())
}

// service starts this binary again; the function waits until its log holds a line with the message.
func service(t *testing.T, kind string, env ...string) (*exec.Cmd, func(message string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(append(os.Environ(), "RUN_TEST_SERVICE="+kind), env...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(pipe)
	return cmd, func(message string) {
		t.Helper()
		for {
			var line struct{ Msg, Logger string }
			if err := lines.Decode(&line); err != nil {
				t.Fatalf("log ended before %q: %v", message, err)
			}
			if line.Msg == message && line.Logger == kind {
				return
			}
		}
	}
}

func TestFirstSignalEndsTheContextAndTheProcessExitsWithZero(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd, waitFor := service(t, "obedient", "MEIBO_TEST_NAME=x")
		waitFor("waiting")
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		waitFor("stopped")
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: got %v, want exit code 0", signal, err)
		}
	}
}

func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	cmd, waitFor := service(t, "stubborn", "MEIBO_TEST_NAME=x")
	waitFor("waiting")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor("ignoring")
	// The default disposition returns a moment after the context's end: repeat until it has.
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case err := <-died:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
				t.Errorf("got %v, want death by SIGTERM", err)
			}
			return
		case <-tick.C:
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
}

func TestErrorOfTheServiceExitsWithOneAndIsLogged(t *testing.T) {
	t.Parallel()
	cmd, waitFor := service(t, "failing", "MEIBO_TEST_NAME=x")
	waitFor("failed")
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != ExitError {
		t.Errorf("got exit code %d, want %d", got, ExitError)
	}
}

func TestBadConfigurationExitsWithTwoAndNamesEverySetting(t *testing.T) {
	t.Setenv("MEIBO_TEST_PORT", "x")
	t.Setenv("MEIBO_LOG_LEVEL", "loud")
	var stderr bytes.Buffer
	code := process("service", func(context.Context, testConfig, *zap.Logger) error {
		t.Error("the service was started")
		return nil
	}, &stderr)
	if code != ExitConfiguration {
		t.Errorf("got exit code %d, want %d", code, ExitConfiguration)
	}
	for _, name := range []string{"MEIBO_TEST_NAME", "MEIBO_TEST_PORT", "MEIBO_LOG_LEVEL"} {
		if !strings.Contains(stderr.String(), name) {
			t.Errorf("%s is not named in %q", name, stderr.String())
		}
	}
}

func TestLogLevelIsReadFromTheEnvironment(t *testing.T) {
	t.Setenv("MEIBO_TEST_NAME", "x")
	t.Setenv("MEIBO_LOG_LEVEL", "error")
	var stderr bytes.Buffer
	code := process("service", func(_ context.Context, _ testConfig, log *zap.Logger) error {
		log.Info("quiet")
		return nil
	}, &stderr)
	if code != ExitOK || stderr.Len() != 0 {
		t.Errorf("got exit code %d and log %q, want 0 and nothing", code, stderr.String())
	}
}

func TestAllReturnsTheFirstErrorAfterEveryPartEnded(t *testing.T) {
	t.Parallel()
	want := errors.New("broken")
	var ended bool
	got := All(t.Context(),
		func(context.Context) error { return nil },
		func(context.Context) error { return want },
		func(ctx context.Context) error { <-ctx.Done(); ended = true; return ctx.Err() },
	)
	if !errors.Is(got, want) || !ended {
		t.Errorf("got %v and ended %t, want %v and true", got, ended, want)
	}
}

func TestAllTakesTheEndOfItsContextForNoError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := All(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
