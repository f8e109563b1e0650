package pgwire

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	protocol30 = 3 << 16
	protocol32 = 3<<16 | 2

	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104

	// maxStartupBytes is PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
	maxStartupBytes = 10000
	// tlsHandshake is the first byte of a TLS ClientHello: a client that does not ask.
	tlsHandshake = 0x16

	cancelKey30 = 4
	cancelKey32 = 32
)

// startup reads up to the start-up packet and answers it. It returns false if the
// connection has served its purpose.
func (c *Conn) startup() (bool, error) {
	c.setDeadline(c.server.StartupTimeout) // until the first message is awaited
	// Each kind of encryption may be asked for once.
	for refused := 0; ; refused++ {
		packet, err := c.readStartupPacket()
		if err != nil {
			return false, err
		}
		switch code := be.Uint32(packet); {
		case code == cancelRequest:
			if len(packet) >= 8+4 && len(packet) <= 8+256 {
				c.server.cancel(int32(be.Uint32(packet[4:])), packet[8:])
			}
			return false, nil
		case (code == sslRequest || code == gssRequest) && len(packet) == 4 && refused < 2:
			// Neither is offered yet.
			if _, err := c.net.Write([]byte{'N'}); err != nil {
				return false, errDisconnected
			}
			// Bytes sent before the answer would be taken for what follows a handshake.
			if c.r.Buffered() > 0 {
				return false, fatalProtocol("received unencrypted data after SSL request").
					WithDetail("This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.")
			}
		case code>>16 != 3:
			return false, &Error{Severity: "FATAL", Code: "0A000", Message: Errorf("", "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2", code>>16, code&0xffff).Message}
		default:
			return true, c.negotiate(code, packet[4:])
		}
	}
}

// readStartupPacket reads a packet without a type byte; its length is excluded.
func (c *Conn) readStartupPacket() ([]byte, error) {
	first, err := c.r.Peek(1)
	if err != nil {
		return nil, errDisconnected
	}
	if first[0] == tlsHandshake {
		return nil, errDisconnected // direct TLS is not offered
	}
	var header [4]byte
	if _, err := io.ReadFull(c.r, header[:]); err != nil {
		return nil, errDisconnected
	}
	length := int(be.Uint32(header[:])) - 4
	if length < 4 || length > maxStartupBytes {
		return nil, fatalProtocol("invalid length of startup packet")
	}
	packet := make([]byte, length)
	if _, err := io.ReadFull(c.r, packet); err != nil {
		return nil, errDisconnected
	}
	return packet, nil
}

// negotiate reads the parameters and settles the protocol version.
func (c *Conn) negotiate(version uint32, b []byte) error {
	if len(b) == 0 || b[len(b)-1] != 0 {
		return fatalProtocol("invalid startup packet layout: expected terminator as last byte")
	}
	fields := bytes.Split(b[:len(b)-1], []byte{0})
	var unknown []string
	for i := 0; i+1 < len(fields) && len(fields[i]) > 0; i += 2 {
		name, value := string(fields[i]), string(fields[i+1])
		if err := CheckText(fields[i+1]); err != nil {
			e := err.(*Error)
			e.Severity = "FATAL"
			return e
		}
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
			continue
		}
		c.startupParams[name] = value
	}
	if len(fields)%2 == 0 && len(fields[len(fields)-1]) > 0 {
		return fatalProtocol("invalid startup packet layout: expected terminator as last byte")
	}
	c.version = min(version, protocol32)
	if c.version == 3<<16|1 { // 3.1 was never released
		c.version = protocol30
	}
	if c.version != version || len(unknown) > 0 {
		slices.Sort(unknown)
		c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: c.version, UnrecognizedOptions: unknown})
	}
	if c.startupParams["user"] == "" {
		return &Error{Severity: "FATAL", Code: "28000", Message: "no PostgreSQL user name specified in startup packet"}
	}
	if c.startupParams["database"] == "" {
		c.startupParams["database"] = c.startupParams["user"]
	}
	if v := c.startupParams["replication"]; v != "" && !strings.EqualFold(v, "false") && v != "0" && !strings.EqualFold(v, "off") && !strings.EqualFold(v, "no") {
		return &Error{Severity: "FATAL", Code: "0A000", Message: "replication connections are not supported"}
	}
	if err := c.server.admit(c); err != nil {
		return err
	}
	return nil
}

// greet tells the client that it is in.
func (c *Conn) greet() {
	size := cancelKey30
	if c.version >= protocol32 {
		size = cancelKey32
	}
	c.mu.Lock()
	c.key = newCancelKey(size) // Server.cancel reads it
	c.mu.Unlock()
	c.send(&pgproto3.AuthenticationOk{})
	c.changed = true
	for _, name := range c.parameterOrder {
		c.reported[name] = c.parameters[name] + "?" // all are told
	}
	c.reportChanges()
	c.greeted = true
	c.send(&pgproto3.BackendKeyData{ProcessID: uint32(c.pid), SecretKey: c.key})
}
