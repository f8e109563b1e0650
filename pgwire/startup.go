package pgwire

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/eventgres/eventgres/pgwire/charset"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
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
	if err := c.direct(); err != nil {
		return false, err
	}
	// Each kind of encryption may be asked for once.
	for refused := 0; ; refused++ {
		packet, err := c.readStartupPacket()
		if err != nil {
			return false, err
		}
		switch code := pgvalue.Be.Uint32(packet); {
		case code == cancelRequest:
			if len(packet) >= 8+4 && len(packet) <= 8+256 {
				c.server.cancel(int32(pgvalue.Be.Uint32(packet[4:])), packet[8:])
			}
			return false, nil
		case (code == sslRequest || code == gssRequest) && len(packet) == 4 && refused < 2 && c.secure == nil:
			answer := byte('N') // GSS is not offered
			if code == sslRequest && c.offersTLS() {
				answer = 'S'
			}
			if _, err := c.net.Write([]byte{answer}); err != nil {
				return false, errDisconnected
			}
			if c.r.Buffered() > 0 {
				return false, errUnencrypted()
			}
			if answer == 'S' {
				if err := c.encrypt(false); err != nil {
					return false, err
				}
			}
		case code>>16 != 3:
			return false, &pgerror.Error{Severity: "FATAL", Code: pgerror.FeatureNotSupported, Message: pgerror.Errorf("", "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2", code>>16, code&0xffff).Message}
		default:
			return true, c.negotiate(code, packet[4:])
		}
	}
}

// readStartupPacket reads a packet without a type byte; its length is excluded.
func (c *Conn) readStartupPacket() ([]byte, error) {
	var header [4]byte
	if _, err := io.ReadFull(c.r, header[:]); err != nil {
		return nil, errDisconnected
	}
	length := int(pgvalue.Be.Uint32(header[:])) - 4
	if length < 4 || length > maxStartupBytes {
		return nil, fatalProtocol("invalid length of startup packet")
	}
	packet := make([]byte, length)
	if _, err := io.ReadFull(c.r, packet); err != nil {
		return nil, errDisconnected
	}
	return packet, nil
}

// direct begins TLS if the client's first byte is a handshake's.
func (c *Conn) direct() error {
	first, err := c.r.Peek(1)
	switch {
	case err != nil:
		return errDisconnected
	case first[0] != tlsHandshake:
		return nil
	case !c.offersTLS():
		return errDisconnected
	}
	return c.encrypt(true)
}

// negotiate reads the parameters and settles the protocol version.
func (c *Conn) negotiate(version uint32, b []byte) error {
	unknown, err := c.readParameters(b)
	if err != nil {
		return err
	}
	c.packet = b
	c.version = min(version, protocol32)
	if c.version == 3<<16|1 { // 3.1 was never released
		c.version = protocol30
	}
	if c.version != version || len(unknown) > 0 {
		slices.Sort(unknown)
		c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: c.version, UnrecognizedOptions: unknown})
	}
	if c.startupParams["user"] == "" {
		return &pgerror.Error{Severity: "FATAL", Code: pgerror.InvalidAuthorizationSpecification, Message: "no PostgreSQL user name specified in startup packet"}
	}
	return c.readReplication()
}

// readReplication takes what the client wants with replication: that of the database's changes there is, that of files there is not.
func (c *Conn) readReplication() error {
	v := c.startupParams["replication"]
	switch strings.ToLower(v) {
	case "":
		return nil
	case "database":
		c.replication = true
		return nil
	}
	on, err := pgvalue.ParseText(pgvalue.OIDBool, v, pgvalue.UTC)
	switch {
	case err != nil:
		return &pgerror.Error{
			Severity: "FATAL", Code: pgerror.InvalidParameterValue, Message: "invalid value for parameter \"replication\": \"" + v + "\"",
			Hint: "Valid values are: \"false\", 0, \"true\", 1, \"database\".",
		}
	case on.Bool():
		return &pgerror.Error{
			Severity: "FATAL", Code: pgerror.FeatureNotSupported, Message: "physical replication is not supported", Hint: "Connect with replication=database.",
		}
	}
	return nil
}

// readParameters reads those of a start-up packet, and returns the names of the options of the protocol, of which none is known.
func (c *Conn) readParameters(b []byte) (unknown []string, err error) {
	if len(b) == 0 || b[len(b)-1] != 0 {
		return nil, fatalProtocol("invalid startup packet layout: expected terminator as last byte")
	}
	fields := bytes.Split(b[:len(b)-1], []byte{0})
	in := startupEncoding(fields)
	clear(c.startupParams)
	for i := 0; i+1 < len(fields) && len(fields[i]) > 0; i += 2 {
		name, value, err := string(fields[i]), fields[i+1], pgvalue.CheckText(fields[i+1])
		if err != nil && in != nil {
			if value, err = in.Decode(nil, value); err != nil {
				err = EncodingError(err)
			}
		}
		if err != nil {
			e := err.(*pgerror.Error)
			e.Severity = "FATAL"
			return nil, e
		}
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
			continue
		}
		if name == "user" || name == "database" {
			value = truncateName(value)
		}
		c.startupParams[name] = string(value)
	}
	if len(fields)%2 == 0 && len(fields[len(fields)-1]) > 0 {
		return nil, fatalProtocol("invalid startup packet layout: expected terminator as last byte")
	}
	if c.startupParams["database"] == "" {
		c.startupParams["database"] = c.startupParams["user"]
	}
	return unknown, nil
}

// truncateName cuts the name of a user or database to 63 bytes, as those are cut that are made; PostgreSQL does so too. So what
// is kept and written to the log of a client that has not proved itself is short.
func truncateName(name []byte) []byte {
	const longest = 63
	if len(name) <= longest {
		return name
	}
	n := longest
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// startupEncoding is the encoding that a start-up packet names; nil for none, or UTF-8. Names of users and databases
// are in UTF-8, as PostgreSQL has them, or, where they are not, in that encoding.
func startupEncoding(fields [][]byte) *charset.Encoding {
	for i := 0; i+1 < len(fields) && len(fields[i]) > 0; i += 2 {
		if string(fields[i]) == "client_encoding" {
			if e := charset.Lookup(string(fields[i+1])); e != nil && e.Convertible() && !e.Same() {
				return e
			}
		}
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
