//go:build linux

package cluster

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A network brings what nodes send to each other, as long as the direction between two is not cut. What is sent meanwhile it keeps until the cut has healed.
type network struct {
	c *cluster

	mu     sync.Mutex
	healed *sync.Cond
	cut    map[way]bool
	ended  bool
	conns  []net.Conn
}

// A way is from one node to another.
type way struct{ from, to *node }

func newNetwork(c *cluster) *network {
	w := &network{c: c, cut: map[way]bool{}}
	w.healed = sync.NewCond(&w.mu)
	c.Cleanup(w.end)
	return w
}

// listen makes the port at which others reach a node.
func (w *network) listen(n *node) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.c.Fatal(err)
	}
	w.c.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go w.connect(conn, n)
		}
	}()
	return listener.Addr().String()
}

// connect goes between a node that connects and the one that is meant.
func (w *network) connect(client net.Conn, to *node) {
	from := w.origin(client)
	if from == nil { // its process has ended meanwhile
		client.Close()
		return
	}
	server, err := net.Dial("tcp", to.listen)
	if err != nil {
		client.Close()
		return
	}
	w.mu.Lock()
	w.conns = append(w.conns, client, server)
	w.mu.Unlock()
	go w.pump(server, client, way{from, to})
	go w.pump(client, server, way{to, from})
}

// pump passes on what it reads, once the way is open.
func (w *network) pump(to, from net.Conn, on way) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		for w.cut[on] && !w.ended {
			w.healed.Wait()
		}
		w.mu.Unlock()
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			to.Close()
			from.Close()
			return
		}
	}
}

// sever cuts ways, heal opens all again.
func (w *network) sever(ways ...way) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, way := range ways {
		w.cut[way] = true
	}
}

func (w *network) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.cut)
	w.healed.Broadcast()
}

func (w *network) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.healed.Broadcast()
	for _, conn := range w.conns {
		conn.Close()
	}
}

// origin finds out which node's process is behind a connection.
func (w *network) origin(client net.Conn) *node {
	socket := socketOf(client.RemoteAddr().(*net.TCPAddr).Port, client.LocalAddr().(*net.TCPAddr).Port)
	if socket == "" {
		return nil
	}
	for _, n := range w.c.nodes {
		p := n.process
		if p == nil || !p.running() {
			continue
		}
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.pid))
		for _, file := range files {
			if target, err := os.Readlink(file); err == nil && target == socket {
				return n
			}
		}
	}
	return nil
}

// socketOf is what the system calls the socket with these ports on this machine.
func socketOf(local, remote int) string {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return ""
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) > 9 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", local)) && strings.HasSuffix(f[2], fmt.Sprintf(":%04X", remote)) {
			return "socket:[" + f[9] + "]"
		}
	}
	return ""
}
