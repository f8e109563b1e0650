//go:build cgo

package duck

/*
#cgo CXXFLAGS: -std=c++11
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/eventgres/eventgres/query/analytics/limit"
)

// Error is DuckDB's error.
type Error struct {
	Kind    string // "Binder", "Conversion", "Out of Memory" …; empty if the message names none
	Message string
}

func (e *Error) Error() string {
	if e.Kind == "" {
		return "duckdb: " + e.Message
	}
	return "duckdb: " + e.Kind + " Error: " + e.Message
}

// newError reads an error's text: "Kind Error: message", or what an exception says itself, JSON.
func newError(text string) *Error {
	if strings.HasPrefix(text, `{"exception_type"`) {
		var e struct {
			Type    string `json:"exception_type"`
			Message string `json:"exception_message"`
		}
		if json.Unmarshal([]byte(text), &e) == nil {
			return &Error{Kind: e.Type, Message: e.Message}
		}
	}
	if kind, message, ok := strings.Cut(text, " Error: "); ok && len(kind) < 40 && !strings.ContainsAny(kind, "\n:") {
		return &Error{Kind: kind, Message: message}
	}
	return &Error{Message: text}
}

// failed makes an error of what a call of the shim says.
func failed(state C.int, text *C.char) error {
	if state == 0 {
		return nil
	}
	if text == nil {
		return &Error{Message: "no reason is given"}
	}
	defer C.evg_free(text)
	return newError(C.GoString(text))
}

// failure carries an error of a vector's up to Guard: what sets one value of many has no use for it.
type failure struct{ err error }

// must is for what works on vectors.
func must(state C.int, text *C.char) {
	if state != 0 {
		panic(failure{failed(state, text)})
	}
}

// Guard runs f, which works on vectors, and returns what went wrong with them as an error.
func Guard(f func() error) (err error) {
	defer Recover(&err)
	return f()
}

// Recover is deferred by what works on vectors: a panic becomes an error. None must unwind through DuckDB,
// whatever it is of; where one came from that nobody foresaw is for whoever mends it.
func Recover(err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = p.err
	case limit.Stop:
		*err = p.Err
	default:
		slog.Error("a function panicked", "panic", p, "stack", string(debug.Stack()))
		*err = fmt.Errorf("internal error: %v", p)
	}
}

// part is a vector, and where its values lie.
func part(v *C.evg_vector, t *Type) Vector {
	return Vector{raw: v.raw, data: v.data, validity: v.validity, typ: t}
}

// text is a string's bytes for a call that does not keep them.
func text(x []byte) (*C.char, C.evg_idx) {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(x))), C.evg_idx(len(x))
}
