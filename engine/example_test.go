package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/eventgres/eventgres/engine"
)

func open() (*engine.Store, func()) {
	dir, err := os.MkdirTemp("", "eventgres")
	if err != nil {
		panic(err)
	}
	store, err := engine.Open(dir, engine.Options{})
	if err != nil {
		panic(err)
	}
	return store, func() {
		store.Close()
		os.RemoveAll(dir)
	}
}

// The store is a library: append, then read a stream and the log.
func Example() {
	store, cleanup := open()
	defer cleanup()
	ctx := context.Background()

	placed := engine.NewEvent("order-17", "OrderPlaced", []byte(`{"amount": 120}`))
	paid := engine.NewEvent("payment-9", "PaymentTaken", []byte(`{"order": 17}`))
	request := &engine.AppendRequest{Events: []engine.ProposedEvent{placed, paid}}
	if err := store.Writer().Append(ctx, request); err != nil {
		fmt.Println(err)
		return
	}
	cursor := store.Index().ReadAll(engine.Forward(0))
	for cursor.Next(ctx) {
		e := cursor.Event()
		fmt.Println(e.Position, e.Stream, e.Version, e.Type, string(e.Payload))
	}
	if err := cursor.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 0 order-17 0 OrderPlaced {"amount": 120}
	// 1 payment-9 0 PaymentTaken {"order": 17}
}

// An append may expect the version that its decision was made on.
func ExampleWriterHandle_Append_expectedVersion() {
	store, cleanup := open()
	defer cleanup()
	ctx := context.Background()

	decide := func(expected engine.ExpectedVersion) error {
		return store.Writer().Append(ctx, &engine.AppendRequest{
			Events: []engine.ProposedEvent{engine.NewEvent("account-1", "Withdrawn", []byte(`{"amount": 5}`))},
			Conditions: []engine.Condition{{
				Kind: engine.StreamAt, StreamID: engine.StreamID("account-1"), Stream: "account-1", Version: expected,
			}},
		})
	}
	fmt.Println(decide(engine.NoStream))
	err := decide(engine.NoStream)
	var conflict *engine.VersionConflictError
	if errors.As(err, &conflict) {
		fmt.Println("conflict: the stream is at version", conflict.Actual)
		fmt.Println(decide(engine.ExpectedVersion(conflict.Actual)))
	}
	// Output:
	// <nil>
	// conflict: the stream is at version 0
	// <nil>
}

// A client that did not see the reply sends the same event id again.
func ExampleWriterHandle_Append_retry() {
	store, cleanup := open()
	defer cleanup()
	ctx := context.Background()

	event := engine.NewEvent("order-1", "OrderPlaced", nil)
	event.EventID = engine.StreamID("any unique id will do")
	event.SkipDuplicate = true
	for range 2 {
		r := &engine.AppendRequest{Events: []engine.ProposedEvent{event}}
		if err := store.Writer().Append(ctx, r); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("position", r.Results[0].Position)
	}
	// Output:
	// position 0
	// position -1
}

// The newest events first, and only a few.
func ExampleReadIndex_ReadStream() {
	store, cleanup := open()
	defer cleanup()
	ctx := context.Background()
	for i := range 5 {
		e := engine.NewEvent("sensor-1", "Measured", fmt.Appendf(nil, "%d", i))
		if err := store.Writer().Append(ctx, &engine.AppendRequest{Events: []engine.ProposedEvent{e}}); err != nil {
			fmt.Println(err)
			return
		}
	}
	id := engine.StreamID("sensor-1")
	options := engine.Backward(store.Index().StreamVersion(id))
	options.Limit = 2
	for c := store.Index().ReadStream(id, options); c.Next(ctx); {
		fmt.Println(c.Event().Version, string(c.Event().Payload))
	}
	// Output:
	// 4 4
	// 3 3
}

// A hub tells waiters that a position is committed.
func ExampleHub_Wait() {
	store, cleanup := open()
	defer cleanup()
	ctx := context.Background()
	go func() {
		_ = store.Writer().Append(ctx, &engine.AppendRequest{
			Events: []engine.ProposedEvent{engine.NewEvent("a", "T", nil)},
		})
	}()
	if err := store.Hub().Wait(ctx, 0); err == nil {
		fmt.Println("position 0 is committed:", store.Index().GlobalPosition() >= 0)
	}
	// Output: position 0 is committed: true
}

// A change of the control state, such as how far a reader has come, is made together with events or not at all.
// Who expects another version of the key is refused, events and all.
func ExampleWriterHandle_Append_control() {
	store, cleanup := open()
	defer cleanup()
	ctx := context.Background()

	const key = "reader/invoices"
	handle := func(position string, seen int64) error {
		return store.Writer().Append(ctx, &engine.AppendRequest{
			Events:  []engine.ProposedEvent{engine.NewEvent("invoice-7", "InvoiceSent", nil)},
			Control: []engine.ControlChange{{Key: key, Value: []byte(position), IfVersion: seen}},
		})
	}
	seen := store.Control().Get(key).Version // 0: it was never written
	fmt.Println(handle("41", seen))
	err := handle("41", seen) // another who has read the same
	var conflict *engine.ControlConflictError
	fmt.Println(errors.As(err, &conflict), store.Index().GlobalPosition())

	r := store.Control().Get(key)
	fmt.Println(r.Version, string(r.Value))
	// Output:
	// <nil>
	// true 0
	// 1 41
}
