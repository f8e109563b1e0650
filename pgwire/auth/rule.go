package auth

import (
	"net/netip"
	"slices"
	"strings"
)

// Method is how a client proves who it is.
type Method string

// The methods that a rule may name.
const (
	Trust  Method = "trust"
	Reject Method = "reject"
	SHA256 Method = "scram-sha-256"
	Cert   Method = "cert"
	Peer   Method = "peer"
)

// OwnerMap is the map that needs no file: the server's own OS user is the bootstrap superuser. A rule with it is passed
// over by everybody else.
const OwnerMap = "owner"

// What a rule asks of a client's certificate besides its method.
const (
	VerifyCA   = "verify-ca"   // it has one that the server's authority signed
	VerifyFull = "verify-full" // and which names the role
)

// Which name of a certificate is meant.
const (
	CommonName      = "CN"
	AlternativeName = "SAN" // each of them, through a map alone
)

// Rule is a line of a file of rules: whom it is for, and what is asked of them.
type Rule struct {
	Line   int
	Method Method
	// Map names the map from the client's name elsewhere to the role; empty: they are the same.
	Map string
	// ClientCert is VerifyCA, VerifyFull, or empty.
	ClientCert string
	// ClientName is which of a certificate's names counts: CommonName or AlternativeName.
	ClientName string
	// Warning says why the rule has no effect, though it may stand there.
	Warning string
	// Error says why the line is no rule, Hint what to do. The file has no effect then.
	Error, Hint string

	kind      string
	databases []token
	users     []token
	address   token // all, samehost, samenet; empty: network and mask
	network   netip.Addr
	mask      netip.Addr
}

// The first words of rules.
const (
	kindLocal  = "local"
	kindHost   = "host"
	kindTLS    = "hostssl"
	kindNoTLS  = "hostnossl"
	kindNoGSS  = "hostnogssenc" // there is no GSS encryption, so that it is host
	kindGSS    = "hostgssenc"
	keyAll     = "all"
	keyHost    = "samehost"
	keyNetwork = "samenet"
)

// RuleView is a rule as pg_hba_file_rules shows it; empty texts and nil are NULL there.
type RuleView struct {
	Line      int
	Type      string
	Databases []string
	Users     []string
	Address   string
	Netmask   string
	Method    string
	Options   []string
	Error     string
}

// View is the rule as pg_hba_file_rules shows it.
func (r *Rule) View() RuleView {
	v := RuleView{Line: r.Line, Error: r.Error}
	if r.Error != "" {
		return v
	}
	v.Type, v.Method, v.Error = r.kind, string(r.Method), r.Warning
	v.Databases, v.Users = texts(r.databases), texts(r.users)
	switch {
	case r.kind == kindLocal:
	case r.address.text != "":
		v.Address = r.address.text
	default:
		v.Address, v.Netmask = shown(r.network), shown(r.mask)
	}
	if r.Map != "" {
		v.Options = append(v.Options, "map="+r.Map)
	}
	if r.ClientCert != "" {
		v.Options = append(v.Options, "clientcert="+r.ClientCert)
	}
	if r.ClientName == AlternativeName {
		v.Options = append(v.Options, "clientname="+r.ClientName)
	}
	return v
}

// shown is an address as PostgreSQL writes it: IPv6 that ends in IPv4 shows that, without the ffff of a mapped one too.
func shown(a netip.Addr) string {
	b := a.As16()
	if a.Is6() && [12]byte(b[:12]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
		return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
	}
	return a.String()
}

func texts(tokens []token) []string {
	list := make([]string, len(tokens))
	for i, t := range tokens {
		list[i] = t.text
	}
	return list
}

// Request is a connection, as far as rules look at it.
type Request struct {
	Unix     bool       // through a Unix socket
	Address  netip.Addr // otherwise the client's
	TLS      bool
	Database string
	User     string
	// Owner tells that the client is the server's own OS user, and wants to be the bootstrap superuser.
	Owner bool
	// Member tells whether the role is, by grants, a member of another; superusers are not of all. Nil: of none.
	Member func(role string) bool
	// Networks are the addresses of this machine, each with its network, for samehost and samenet. Nil: there are none.
	Networks func() []netip.Prefix
}

func (q *Request) member(role string) bool { return q.Member != nil && q.Member(role) }

// matches tells whether the rule is for a connection.
func (r *Rule) matches(q *Request) bool {
	switch {
	case (r.kind == kindLocal) != q.Unix, r.kind == kindTLS && !q.TLS, r.kind == kindNoTLS && q.TLS:
		return false
	case r.kind != kindLocal && !r.from(q):
		return false
	case r.Method == Peer && r.Map == OwnerMap && !q.Owner:
		return false
	}
	return slices.ContainsFunc(r.databases, q.isDatabase) && slices.ContainsFunc(r.users, q.isUser)
}

// from tells whether the client's address is the rule's.
func (r *Rule) from(q *Request) bool {
	address := q.Address.Unmap().WithZone("")
	switch r.address.text {
	case keyAll:
		return true
	case keyHost, keyNetwork:
		return q.Networks != nil && slices.ContainsFunc(q.Networks(), func(p netip.Prefix) bool {
			return p.Addr() == address || r.address.text == keyNetwork && p.Contains(address)
		})
	}
	return address.BitLen() == r.network.BitLen() && masked(address, r.mask) == masked(r.network, r.mask)
}

func masked(address, mask netip.Addr) netip.Addr {
	a, m := address.AsSlice(), mask.AsSlice()
	for i := range a {
		a[i] &= m[i]
	}
	out, _ := netip.AddrFromSlice(a)
	return out
}

func (q *Request) isDatabase(t token) bool {
	switch {
	case t.is(keyAll):
		return true
	case t.is("sameuser"):
		return q.Database == q.User
	case t.is("samerole"), t.is("samegroup"):
		return q.member(q.Database)
	case t.is("replication"):
		return false // no connection is for that
	}
	return t.text == q.Database
}

func (q *Request) isUser(t token) bool {
	if role, ok := strings.CutPrefix(t.text, "+"); ok && !t.quoted {
		return q.member(role)
	}
	return t.is(keyAll) || t.text == q.User
}

// BeyondLoopback tells whether the rule is for clients that may be on other machines.
func (r *Rule) BeyondLoopback() bool {
	if r.kind == kindLocal {
		return false
	}
	if r.address.text != "" {
		return true
	}
	if r.network.Is4() {
		return r.mask.As4()[0] != 0xff || r.network.As4()[0] != 127
	}
	return r.mask != netip.AddrFrom16(allOnes) || r.network != netip.IPv6Loopback()
}

var allOnes = [16]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
