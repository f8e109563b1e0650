package setting

import (
	"maps"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Values are a session's values. They follow transactions.
type Values struct {
	user   string
	host   Host     // whose values become effective
	values valueMap // by lower-case name, where it is not the initial one
	// local has what SET LOCAL replaced until the transaction ends.
	local valueMap
	// startup has the values that RESET goes back to, beside those that the server itself has.
	startup map[string]string
	own     *OwnValues
}

// valueMap knows what it takes.
type valueMap struct {
	m    map[string]string
	size int64
}

// settingBytes is what a setting takes, beside its name and value.
const settingBytes = 96

func (v *valueMap) put(name, value string) {
	v.drop(name)
	v.m[name] = value
	v.size += settingBytes + int64(len(name)+len(value))
}

func (v *valueMap) drop(name string) {
	if old, ok := v.m[name]; ok {
		v.size -= settingBytes + int64(len(name)+len(old))
		delete(v.m, name)
	}
}

func (v valueMap) clone() valueMap { return valueMap{maps.Clone(v.m), v.size} }

// New are those of a session that user began. own has the values of settings that the server itself gives, and
// host is the session in which they become effective.
func New(user string, own *OwnValues, host Host) Values {
	return Values{
		user: user, values: valueMap{m: map[string]string{}}, local: valueMap{m: map[string]string{}},
		startup: map[string]string{"session_authorization": user}, own: own, host: host,
	}
}

func (st *Values) Clone() Values {
	return Values{user: st.user, host: st.host, values: st.values.clone(), local: st.local.clone(), startup: st.startup, own: st.own}
}

// IsSet tells values from none at all: those that a transaction has kept, from a transaction that has kept none.
func (st *Values) IsSet() bool { return st.values.m != nil }

// Size is what the values take.
func (st *Values) Size() int64 { return st.values.size + st.local.size }

func (st *Values) Value(name string) string {
	if v, ok := st.values.m[name]; ok {
		return v
	}
	return st.initial(name)
}

func (st *Values) initial(name string) string {
	if v, ok := st.startup[name]; ok {
		return v
	}
	if v, ok := st.own.All()[name]; ok {
		return v.Value
	}
	if k := Known[name]; k != nil {
		return k.Initial
	}
	return ""
}

// Report tells the client of all settings it is told of.
func (st *Values) Report() {
	for _, name := range Names() {
		st.apply(name)
	}
}

// apply makes a value effective.
func (st *Values) apply(name string) {
	k := Known[name]
	if k == nil || !k.Report && k.Apply == nil {
		return
	}
	v := st.Value(name)
	if k.Report {
		st.host.Report(k.Name, v)
	}
	if k.Apply != nil {
		k.Apply(st.host, v)
	}
}

// maxCustomSettings bounds the settings a session may make up, such as app.tenant.
const maxCustomSettings = 1000

// Bounds on a setting's name, and on its value: programs keep tokens and lists of claims in them, of some KiB.
const (
	maxSettingName  = 1 << 10
	maxSettingBytes = 64 << 10
)

// Has tells whether the session has given a setting a value.
func (st *Values) Has(name string) bool {
	_, ok := st.values.m[name]
	return ok
}

// Unset goes back to the value that the session began with.
func (st *Values) Unset(name string) {
	st.values.drop(name)
	st.local.drop(name)
	st.apply(name)
}

// Given are the names of the settings to which the session has given values, in order.
func (st *Values) Given() []string { return slices.Sorted(maps.Keys(st.values.m)) }

// Check makes of values what a setting is set to; nil values are its default.
func (st *Values) Check(name string, values []string) (string, error) {
	k := Known[name]
	if k == nil && !strings.Contains(name, ".") {
		return "", pgerror.Errorf(pgerror.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	if k != nil {
		if err := k.settable(); err != nil {
			return "", err
		}
	}
	if k == nil && len(st.values.m) > maxCustomSettings {
		return "", pgerror.Errorf(pgerror.ProgramLimitExceeded, "a session may have %d settings of its own at most", maxCustomSettings)
	}
	v := st.initial(name)
	if values != nil {
		v = strings.Join(values, ", ")
		if len(v) > maxSettingBytes || len(name) > maxSettingName {
			return "", pgerror.Errorf(pgerror.ProgramLimitExceeded, "a setting's name and value may have %d and %d bytes at most", maxSettingName, maxSettingBytes)
		}
		v = strings.Clone(v) // of a text that may be far longer
		if k != nil && len(values) > 1 && !k.List {
			return "", pgerror.Errorf(pgerror.InvalidParameterValue, "SET %s takes only one argument", k.Name)
		}
		if k != nil {
			return k.read(st, v)
		}
	}
	return v, nil
}

// Growth is how much more than now the settings may take once a name has a value: a copy of all of them, the value, and the
// one before.
func (st *Values) Growth(name, value string) int64 {
	return st.Size() + int64(2*(settingBytes+len(name))+len(value)+len(st.Value(name)))
}

// Put gives a setting a value that check has made; local: until the transaction ends.
func (st *Values) Put(name, value string, local bool) {
	if !local {
		st.local.drop(name)
	} else if _, ok := st.local.m[name]; !ok {
		st.local.put(name, st.Value(name))
	}
	st.values.put(name, value)
	st.apply(name)
}

// Begin makes a value the one that the session began with.
func (st *Values) Begin(name string) {
	if v, ok := st.values.m[name]; ok {
		st.startup[name] = v
		st.values.drop(name)
		st.apply(name)
	}
}

// Knows tells whether there is such a setting, of PostgreSQL's or of the session's own.
func (st *Values) Knows(name string) bool {
	_, began := st.startup[name]
	_, own := st.own.All()[name]
	return Known[name] != nil || st.Has(name) || began || own
}

// All are the values of all settings, by name.
func (st *Values) All() map[string]string {
	out := maps.Clone(st.startup)
	for name, v := range st.own.All() {
		out[name] = v.Value
	}
	for name := range Known {
		out[name] = st.Value(name)
	}
	maps.Copy(out, st.values.m)
	return out
}

// Restore goes back to earlier values.
func (st *Values) Restore(to Values) {
	changed := map[string]bool{}
	for name, v := range st.values.m {
		if old, ok := to.values.m[name]; !ok || old != v {
			changed[name] = true
		}
	}
	for name := range to.values.m {
		if _, ok := st.values.m[name]; !ok {
			changed[name] = true
		}
	}
	*st = to.Clone()
	for name := range changed {
		st.apply(name)
	}
}

// EndLocal undoes SET LOCAL.
func (st *Values) EndLocal() {
	for name, v := range st.local.m {
		st.local.drop(name)
		st.values.put(name, v)
		st.apply(name)
	}
}
