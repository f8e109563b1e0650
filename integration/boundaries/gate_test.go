package boundaries

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// gate is an address of the server that lets nobody in before so many have come: programs that take so long to start are at work at once behind it.
func gate(ctx context.Context, t *testing.T, address string, many int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(ctx)
	opened := make(chan struct{})
	var all sync.WaitGroup
	t.Cleanup(func() { stop(); listener.Close(); all.Wait() })
	all.Go(func() {
		for came := 1; ; came++ {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			if came == many {
				close(opened)
			}
			all.Go(func() { pass(ctx, client, address, opened) })
		}
	})
	return listener.Addr().String()
}

// pass takes a client to the server once the gate is open.
func pass(ctx context.Context, client net.Conn, address string, opened chan struct{}) {
	defer client.Close()
	select {
	case <-opened:
	case <-ctx.Done():
		return
	}
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	answered := make(chan struct{})
	go func() {
		_, _ = io.Copy(client, server)
		client.Close()
		close(answered)
	}()
	_, _ = io.Copy(server, client)
	server.Close()
	<-answered
}
