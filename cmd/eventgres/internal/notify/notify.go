// Package notify tells a service manager, such as systemd, what the server is about: sd_notify's protocol, words in a
// datagram to a Unix socket. It knows nothing of the server.
package notify

import (
	"log/slog"
	"net"
	"os"
	"strings"
)

// variable names the socket: a path, or a name in Linux' abstract space after an @.
const variable = "NOTIFY_SOCKET"

// A Manager is who is told. The nil Manager is nobody.
type Manager struct {
	socket string
	logger *slog.Logger
}

// FromEnvironment is the manager that started this process, nil if none did that wants to be told. It takes the variable
// out of the environment, so that no child speaks for this process.
func FromEnvironment(logger *slog.Logger) *Manager {
	socket := os.Getenv(variable)
	if socket == "" {
		return nil
	}
	_ = os.Unsetenv(variable) // fails for no name that there can be
	return &Manager{socket: socket, logger: logger}
}

// Ready says that the server serves, and where.
func (m *Manager) Ready(status string) { m.tell("READY=1", "STATUS="+status) }

// Reloading says that the server takes its files anew; Ready follows.
func (m *Manager) Reloading() { m.tell("RELOADING=1") }

// Stopping says that the server ends.
func (m *Manager) Stopping() { m.tell("STOPPING=1", "STATUS=shutting down") }

// tell sends words. A manager that does not hear ends nothing: what follows of that is its own to decide.
func (m *Manager) tell(words ...string) {
	if m == nil {
		return
	}
	// A connection each time: the socket may have been made anew, as systemd does when it is itself replaced.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.socket, Net: "unixgram"})
	if err == nil {
		_, err = conn.Write([]byte(strings.Join(words, "\n")))
		_ = conn.Close()
	}
	if err != nil {
		m.logger.Warn("the service manager was not told", "words", words[0], "reason", err)
	}
}
