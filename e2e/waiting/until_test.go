package waiting_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/waiting"
)

func TestUntil(t *testing.T) {
	asked := 0
	err := waiting.Until(t.Context(), "the third time", func(context.Context) (string, error) {
		switch asked++; asked {
		case 1:
			return "", errors.New("the server is away")
		case 2:
			return "one more", nil
		}
		return "", nil
	})
	if err != nil || asked != 3 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

func TestUntilCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := waiting.Until(ctx, "the impossible", func(context.Context) (string, error) {
		defer cancel()
		return "it cannot be", nil
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "it cannot be") {
		t.Errorf("the error does not say what was missing: %v", err)
	}
}

func TestHopeless(t *testing.T) {
	cause, asked := errors.New("it is gone"), 0
	err := waiting.Until(t.Context(), "it", func(context.Context) (string, error) {
		asked++
		return "", waiting.Hopeless(cause)
	})
	if !errors.Is(err, cause) || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}
