package auth

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Rules are those of a file, in its order. It is safe for concurrent use.
type Rules struct {
	rules []Rule
	err   error
}

// RulesOptions say what rules may ask of a server.
type RulesOptions struct {
	TLS      bool  // connections may be encrypted
	ClientCA bool  // certificates of clients can be checked
	Maps     *Maps // nil: there is only OwnerMap
}

// ParseRules reads a file in the format of pg_hba.conf. All lines are read, so that [Rules.Views] shows each error;
// with one, [Rules.Err] is not nil, and the rules must not be used.
func ParseRules(text []byte, options RulesOptions) *Rules {
	if len(text) > maxFileBytes {
		return &Rules{err: fmt.Errorf("the file has %d bytes, the limit is %d", len(text), maxFileBytes)}
	}
	s := &Rules{}
	for _, l := range split(text) {
		p := ruleParser{line: l, options: options}
		p.rule.Line = l.number
		if err := p.parse(); err != nil {
			p.rule = Rule{Line: l.number, Error: err.message, Hint: err.hint}
			if s.err == nil {
				s.err = fmt.Errorf("line %d: %w", l.number, err)
			}
		}
		s.rules = append(s.rules, p.rule)
	}
	if s.err == nil && len(s.rules) == 0 {
		s.err = fmt.Errorf("the file contains no entries: nobody could come in")
	}
	return s
}

// Err is the first error of the file, with its line.
func (s *Rules) Err() error { return s.err }

// Views are the file's lines as pg_hba_file_rules shows them.
func (s *Rules) Views() []RuleView {
	views := make([]RuleView, len(s.rules))
	for i := range s.rules {
		views[i] = s.rules[i].View()
	}
	return views
}

// Each calls f with each rule until it returns false.
func (s *Rules) Each(f func(*Rule) bool) {
	for i := range s.rules {
		if !f(&s.rules[i]) {
			return
		}
	}
}

// Match is the first rule for a connection; nil: it is rejected.
func (s *Rules) Match(q *Request) *Rule {
	for i := range s.rules {
		if s.rules[i].matches(q) {
			return &s.rules[i]
		}
	}
	return nil
}

// lineError is why a line is no rule.
type lineError struct{ message, hint string }

func (e *lineError) Error() string {
	if e.hint == "" {
		return e.message
	}
	return e.message + " (" + e.hint + ")"
}

func refuse(format string, args ...any) *lineError {
	return &lineError{message: fmt.Sprintf(format, args...)}
}

// ruleParser makes a rule of a line.
type ruleParser struct {
	line    line
	options RulesOptions
	rule    Rule
}

func (p *ruleParser) parse() *lineError {
	if p.line.err != "" {
		return refuse("%s", p.line.err)
	}
	for _, step := range []func() *lineError{p.kind, p.whom, p.address, p.method, p.settings, p.together} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// field takes the next field.
func (p *ruleParser) field() []token {
	if len(p.line.fields) == 0 {
		return nil
	}
	field := p.line.fields[0]
	p.line.fields = p.line.fields[1:]
	return field
}

// word takes a field of one token.
func (p *ruleParser) word(what string) (token, *lineError) {
	field := p.field()
	if len(field) > 1 {
		return token{}, refuse("multiple values specified for %s", what)
	}
	return field[0], nil
}

func (p *ruleParser) kind() *lineError {
	t, err := p.word("connection type")
	if err != nil {
		err.hint = "Specify exactly one connection type per line."
		return err
	}
	switch p.rule.kind = t.text; t.text {
	case kindLocal, kindHost, kindNoTLS, kindNoGSS:
	case kindTLS:
		if !p.options.TLS {
			p.rule.Warning = "hostssl record cannot match because SSL is disabled"
		}
	case kindGSS:
		return refuse("hostgssenc record cannot match because GSSAPI is not supported by this build")
	default:
		return refuse(`invalid connection type "%s"`, t.text)
	}
	return nil
}

func (p *ruleParser) whom() *lineError {
	if p.rule.databases = p.field(); p.rule.databases == nil {
		return refuse("end-of-line before database specification")
	}
	if p.rule.users = p.field(); p.rule.users == nil {
		return refuse("end-of-line before role specification")
	}
	return nil
}

func (p *ruleParser) address() *lineError {
	if p.rule.kind == kindLocal {
		return nil
	}
	if len(p.line.fields) == 0 {
		return refuse("end-of-line before IP address specification")
	}
	t, err := p.word("host address")
	if err != nil {
		err.hint = "Specify one address range per line."
		return err
	}
	if t.is(keyAll) || t.is(keyHost) || t.is(keyNetwork) {
		p.rule.address = t
		return nil
	}
	text, bits, slash := strings.Cut(t.text, "/")
	network, bad := netip.ParseAddr(text)
	switch {
	case bad != nil && slash:
		return refuse(`specifying both host name and CIDR mask is invalid: "%s"`, t.text)
	case bad != nil:
		err = refuse(`"%s" is no IP address, and host names are not supported`, text)
		err.hint = "A name says who may come in only as long as nobody else answers for it: specify an address range."
		return err
	case network.Zone() != "":
		return refuse(`invalid IP address "%s": it has a zone`, text)
	}
	p.rule.network = network
	if !slash {
		return p.netmask()
	}
	n, wrong := strconv.ParseUint(bits, 10, 8)
	if wrong != nil || int(n) > network.BitLen() {
		return refuse(`invalid CIDR mask in address "%s"`, t.text)
	}
	p.rule.mask = prefixMask(int(n), network.BitLen())
	return nil
}

func prefixMask(ones, bits int) netip.Addr {
	mask := make([]byte, bits/8)
	for i := range ones {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	out, _ := netip.AddrFromSlice(mask)
	return out
}

func (p *ruleParser) netmask() *lineError {
	if len(p.line.fields) == 0 {
		err := refuse("end-of-line before netmask specification")
		err.hint = "Specify an address range in CIDR notation, or provide a separate netmask."
		return err
	}
	t, err := p.word("netmask")
	if err != nil {
		return err
	}
	mask, bad := netip.ParseAddr(t.text)
	switch {
	case bad != nil || mask.Zone() != "":
		return refuse(`invalid IP mask "%s": Name or service not known`, t.text)
	case mask.BitLen() != p.rule.network.BitLen():
		return refuse("IP address and mask do not match")
	}
	p.rule.mask = mask
	return nil
}

func (p *ruleParser) method() *lineError {
	if len(p.line.fields) == 0 {
		return refuse("end-of-line before authentication method")
	}
	t, err := p.word("authentication type")
	if err != nil {
		err.hint = "Specify exactly one authentication type per line."
		return err
	}
	switch m := Method(t.text); m {
	case Trust, Reject, SHA256, Cert, Peer:
		p.rule.Method = m
	case "password", "md5", "ident", "gss", "sspi", "pam", "bsd", "ldap", "radius":
		err = refuse(`invalid authentication method "%s": not supported by this build`, t.text)
		if m == "md5" || m == "password" {
			err.hint = `Use "scram-sha-256".`
		}
		return err
	default:
		return refuse(`invalid authentication method "%s"`, t.text)
	}
	switch {
	case p.rule.kind != kindLocal && p.rule.Method == Peer:
		return refuse("peer authentication is only supported on local sockets")
	case p.rule.kind != kindTLS && p.rule.Method == Cert:
		return refuse("cert authentication is only supported on hostssl connections")
	}
	return nil
}

func (p *ruleParser) settings() *lineError {
	for _, t := range slices.Concat(p.line.fields...) {
		name, value, ok := strings.Cut(t.text, "=")
		if !ok {
			return refuse("authentication option not in name=value format: %s", t.text)
		}
		if err := p.setting(name, value); err != nil {
			return err
		}
	}
	p.line.fields = nil
	return nil
}

func (p *ruleParser) setting(name, value string) *lineError {
	r := &p.rule
	switch name {
	case "map":
		if r.Method != Peer && r.Method != Cert {
			return refuse(`authentication option "map" is only valid for authentication methods %s`, "ident, peer, gssapi, sspi, and cert")
		}
		r.Map = value
	case "clientcert":
		switch {
		case r.kind != kindTLS:
			return refuse(`clientcert can only be configured for "hostssl" rows`)
		case value == VerifyCA && r.Method == Cert:
			return refuse(`clientcert can only be set to "verify-full" when using "cert" authentication`)
		case value != VerifyCA && value != VerifyFull:
			return refuse(`invalid value for clientcert: "%s"`, value)
		}
		r.ClientCert = value
	case "clientname":
		switch {
		case r.kind != kindTLS:
			return refuse(`clientname can only be configured for "hostssl" rows`)
		case value == "DN":
			return refuse(`the value "DN" for clientname is not supported: a certificate's name is its CN, or with "SAN" those beside it`)
		case value != CommonName && value != AlternativeName:
			return refuse(`invalid value for clientname: "%s"`, value)
		}
		r.ClientName = value
	default:
		return refuse(`unrecognized authentication option name: "%s"`, name)
	}
	return nil
}

// together checks what lies between the parts.
func (p *ruleParser) together() *lineError {
	r := &p.rule
	if r.Method == Cert {
		r.ClientCert = VerifyFull
	}
	switch {
	case r.ClientCert != "" && !p.options.ClientCA:
		return refuse("client certificates can only be checked if a root certificate store is available")
	case r.ClientName == AlternativeName && (r.Method != Cert || r.Map == ""):
		return refuse(`clientname=SAN is for "cert" authentication with a map`)
	case r.Map == OwnerMap && r.Method != Peer:
		return refuse(`the map "owner" is of operating system users, for "peer" authentication`)
	case r.Map != "" && r.Map != OwnerMap && !p.options.Maps.has(r.Map):
		return refuse(`there is no map "%s"`, r.Map)
	}
	return nil
}
