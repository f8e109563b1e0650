package setting

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// Host is the session that values are of. What has a setting's effect knows its type.
type Host interface {
	// Report tells the client of a setting's value.
	Report(name, value string)
	// MayAct checks that the session may act as a role, by one of the settings session_authorization and role.
	MayAct(setting, role string) error
}

// Setting is the declaration of a setting: everything that is known of it.
type Setting struct {
	Name    string // as SHOW's column has it
	Initial string // as SHOW gives it
	// About says what it does, or why it may be set without effect: for SHOW ALL, pg_settings and docs/settings.md.
	About  string
	Report bool // clients are told of it and of every change
	List   bool // takes several values
	Hidden bool // left out of SHOW ALL and pg_settings
	Fixed  bool // cannot be changed
	Only   bool // other values than the initial one are refused: they would mean something that is not offered
	// Superuser: superusers alone change it.
	Superuser bool
	Inert     bool // may be set without effect, for the reason that About gives
	// Context and VarType are what pg_settings says of one that PostgreSQL has not; empty of others.
	Context, VarType string
	// Check reads a value and returns it as SHOW gives it.
	Check func(st *Values, value string) (string, error)
	// Apply makes a value effective. It is called when a session begins and after each change.
	Apply func(h Host, value string)
	// Set and Show are those of a value that is the transaction's, not the session's: who has it keeps it, and may refuse another. Show alone
	// finds the value of one that cannot be changed.
	Set  func(h Host, value string) error
	Show func(h Host) string

	refusal string // of what is fixed
}

// Known are all settings, by their names in lower case.
var Known = map[string]*Setting{}

// Declare adds settings. One that is there already is a mistake of the program.
func Declare(list ...Setting) {
	for _, st := range list {
		name := strings.ToLower(st.Name)
		if Known[name] != nil {
			panic("setting " + name + " is declared twice")
		}
		Known[name] = &st
	}
}

// Effect gives a setting its effect: for a package that has it and that settings know nothing of. It is called before any session begins.
func Effect(name string, apply func(h Host, value string)) {
	if k := Known[name]; k == nil || k.Apply != nil {
		panic("setting " + name + " is not known, or has an effect already")
	}
	Known[name].Apply = apply
}

// Resolved says how a setting's value is read by who knows more than the settings do, as Effect does.
func Resolved(name string, read func(h Host, zone *pgvalue.Zone, value string) (string, error)) {
	if Known[name] == nil {
		panic("setting " + name + " is not known")
	}
	Known[name].Check = func(st *Values, value string) (string, error) { return read(st.host, st.Zone(), value) }
}

// OfTransaction says who keeps a setting's value, as Effect does.
func OfTransaction(name string, set func(h Host, value string) error, show func(h Host) string) {
	if k := Known[name]; k == nil || k.Set != nil {
		panic("setting " + name + " is not known, or is kept already")
	}
	Known[name].Set, Known[name].Show = set, show
}

// Computed says how the value of a setting that cannot be changed is found.
func Computed(name string, show func(h Host) string) {
	if k := Known[name]; k == nil || !k.Fixed || k.Show != nil {
		panic("setting " + name + " is not known, or can be changed")
	}
	Known[name].Show = show
}

// Names are those of all settings in lower case, in order.
func Names() []string { return slices.Sorted(maps.Keys(Known)) }

// Shown are the settings of SHOW ALL and pg_settings, in the order of their names.
func Shown() []*Setting {
	var out []*Setting
	for _, name := range Names() {
		if k := Known[name]; !k.Hidden {
			out = append(out, k)
		}
	}
	return out
}

// settable is an error for a setting that cannot be changed.
func (k *Setting) settable() error {
	if !k.Fixed {
		return nil
	}
	return pgerror.Errorf(pgerror.CantChangeRuntimeParam, cmp.Or(k.refusal, "parameter \"%s\" cannot be changed"), k.Name)
}

// read makes of a value what SHOW gives.
func (k *Setting) read(st *Values, value string) (string, error) {
	v, err := value, error(nil)
	if k.Check != nil {
		v, err = k.Check(st, value)
	}
	if err == nil && k.Only && v != k.Initial {
		return "", pgerror.Errorf(pgerror.FeatureNotSupported, "%s = %s is not supported", k.Name, value)
	}
	return v, err
}
