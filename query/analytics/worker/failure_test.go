//go:build cgo

package worker

import (
	"errors"
	"testing"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/duck"
)

func TestFailure(t *testing.T) {
	own := pgerror.Errorf("22P02", "invalid input: \"EVG22012:x\x1fy\"").WithDetail("d\x1f").WithHint("h")
	var got *pgerror.Error
	ticket := marked(own).Error()
	if !errors.As(duckError(&duck.Error{Kind: "Invalid Input", Message: ticket + "\n\nLINE 1: x"}), &got) ||
		got.Code != own.Code || got.Message != own.Message || got.Detail != own.Detail || got.Hint != own.Hint {
		t.Errorf("an error comes back as %+v", got)
	}
	if !errors.As(duckError(&duck.Error{Kind: "Invalid Input", Message: "EVG22012:division by zero"}), &got) ||
		got.Code != "22012" || got.Message != "division by zero" {
		t.Errorf("an error of a statement's own words comes back as %+v", got)
	}
	// What a client wrote is part of DuckDB's messages, never their beginning.
	for _, text := range []string{ticket, "EVG40001:x", "EVG#", "EVG#00", "EVG#zzzzzzzzzzzzzzzz", "EVG"} {
		err := duckError(&duck.Error{Kind: "Conversion", Message: "Could not convert string '" + text + "' to INT32"})
		if !errors.As(err, &got) || got.Code != "22003" {
			t.Errorf("%q in a message of DuckDB's is taken for an error of ours: %v", text, err)
		}
	}
}
