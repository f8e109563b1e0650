package main

import (
	"bufio"
	"os"
)

// sampleEvents is how many events the sample has where nobody asks for a number.
const sampleEvents = 3000

type sampleCommand struct {
	Events int `default:"3000" help:"How many events; the shop is busier the more there are."`
}

func (c *sampleCommand) Run() error {
	out := bufio.NewWriter(os.Stdout)
	var text []byte
	for e := range shopLog(c.Events) {
		text = appendLine(text[:0], &e)
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	return out.Flush()
}

// shopEvents returns the sample: the events of a small shop, in time order, always
// the same. They have no ids, so the store they go to gives them some.
func shopEvents() []line {
	events := make([]line, 0, sampleEvents)
	for e := range shopLog(sampleEvents) {
		events = append(events, e)
	}
	return events
}
