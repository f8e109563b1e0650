package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventgres/eventgres/engine"
)

// what a test reads of an event's payload and metadata.
type shopFields struct {
	OccurredAt    time.Time `json:"occurred_at"`
	CorrelationID string    `json:"correlation_id"`
	Causation     string    `json:"causation"`
	User          string    `json:"user"`
}

func readFields(t *testing.T, e line) (f shopFields) {
	t.Helper()
	for _, text := range [][]byte{e.Payload, e.Metadata} {
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return f
}

func TestSampleIsTheSame(t *testing.T) {
	if !reflect.DeepEqual(shopEvents(), shopEvents()) {
		t.Error("two samples differ")
	}
}

// The sample reads like the log of a real shop: in time order, one stream's events among
// those of others, each naming the event that caused it.
func TestSample(t *testing.T) {
	events := shopEvents()
	if len(events) != sampleEvents {
		t.Errorf("%d events", len(events))
	}
	next := map[string]int{} // version, by stream
	correlation := map[string]string{}
	var last time.Time
	for _, e := range events {
		if err := (&engine.ProposedEvent{
			Stream: e.Stream, Type: e.Type, Payload: e.Payload, Metadata: e.Metadata, Tags: e.Tags, Version: engine.AnyVersion,
		}).Validate(engine.Limits{}); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		f := readFields(t, e)
		if f.OccurredAt.Before(last) {
			t.Errorf("%s of %s happened at %v, after %v", e.Type, e.Stream, f.OccurredAt, last)
		}
		last = f.OccurredAt
		if f.Causation != "" && correlation[f.Causation] != f.CorrelationID {
			t.Errorf("%s of %s was caused by %s, which is of another story", e.Type, e.Stream, f.Causation)
		}
		if f.User == "" || len(e.Tags) == 0 {
			t.Errorf("%s of %s has user %q and tags %q", e.Type, e.Stream, f.User, e.Tags)
		}
		correlation[fmt.Sprintf("%s@%d", e.Stream, next[e.Stream])] = f.CorrelationID
		next[e.Stream]++
	}
	if first := readFields(t, events[0]).OccurredAt; first.Format("2006-01") != "2026-01" || last.Format("2006-01") != "2026-03" {
		t.Errorf("from %v to %v, want January to March 2026", first, last)
	}
	checkStreams(t, next)
	checkTypes(t, events)
}

func checkStreams(t *testing.T, next map[string]int) {
	t.Helper()
	categories := map[string]int{}
	for stream := range next {
		categories[engine.Category(stream)]++
	}
	for _, category := range []string{"customer", "order", "payment", "shipment"} {
		if categories[category] < 100 {
			t.Errorf("%d streams of category %s, want hundreds", categories[category], category)
		}
	}
	if len(categories) != 4 {
		t.Errorf("categories: %v", categories)
	}
}

func checkTypes(t *testing.T, events []line) {
	t.Helper()
	var types []string
	for _, e := range events {
		types = append(types, e.Type)
	}
	slices.Sort(types)
	want := strings.Fields(`CustomerAddressChanged CustomerRegistered ItemAdded OrderAbandoned OrderCancelled OrderCompleted
		OrderConfirmed OrderPlaced OrderReturned OrderStarted PaymentAuthorized PaymentCaptured PaymentDeclined PaymentRefunded
		PaymentRequested PaymentVoided ShipmentDelayed ShipmentDelivered ShipmentDispatched ShipmentPacked`)
	if got := slices.Compact(types); !slices.Equal(got, want) {
		t.Errorf("types: %v", got)
	}
}

func TestSampleOfAnySize(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 17, 20_000} {
		got := 0
		for range shopLog(n) {
			got++
		}
		if got != max(n, 0) {
			t.Errorf("asked for %d events, got %d", n, got)
		}
	}
	for range shopLog(10) {
		break // must not go on
	}
}

func TestMoney(t *testing.T) {
	for m, want := range map[money]string{0: "0.00", 5: "0.05", 1250: "12.50", 1234567: "12345.67"} {
		if got, _ := json.Marshal(m); string(got) != want {
			t.Errorf("%d hundredths are %s, want %s", int64(m), got, want)
		}
	}
}
