//go:build linux

package network

import (
	"net"
	"sync"
	"testing"
)

// A proxy is a network that can stop: it then takes and gives nothing, in neither
// direction, and closes nothing.
type proxy struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	conns   []net.Conn
	flowing chan struct{} // closed while it flows
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: target, flowing: make(chan struct{})}
	close(p.flowing)
	t.Cleanup(p.close)
	go p.serve()
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go p.pump(client, server)
		go p.pump(server, client)
	}
}

// pump passes on what it reads, unless the network has stopped meanwhile. An end passes
// like everything else.
func (p *proxy) pump(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		flowing := p.flowing
		p.mu.Unlock()
		<-flowing
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			to.Close()
			return
		}
	}
}

// freeze stops the network, for good.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flowing = make(chan struct{})
}

// close ends all connections, as a router does that has forgotten them.
func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
	select {
	case <-p.flowing:
	default:
		close(p.flowing) // what waits finds its connections closed
	}
}
