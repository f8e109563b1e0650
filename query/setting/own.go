package setting

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Own is what the server itself has of a setting: its value, and where that comes from in the words of pg_settings.
type Own struct {
	Name, Value  string
	Source, File string // Source is empty for a default
	Line         int
	Pending      bool // its file says another, which takes a restart
}

// OwnValues are all that the server has. They may change while sessions look at them.
type OwnValues struct {
	current atomic.Pointer[map[string]Own]

	mu     sync.Mutex     // guards what follows
	put    map[string]Own // by lower-case names, as current
	forced map[string]Own // those that hold over them; without a value where none does any more
}

// Put gives some of them other values, all at once. Those of settings that sessions may set are written as SHOW writes them.
func (o *OwnValues) Put(list ...Own) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.put == nil {
		o.put = map[string]Own{}
	}
	for _, v := range list {
		if k := Known[strings.ToLower(v.Name)]; k != nil && !k.Fixed && k.Check != nil {
			if shown, err := k.Check(&Values{}, v.Value); err == nil {
				v.Value = shown
			}
		}
		o.put[strings.ToLower(v.Name)] = v
	}
	o.merge()
}

// Force has values hold over those that were put, in place of those that did so before: what the server is decides them.
func (o *OwnValues) Force(list ...Own) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, v := range o.forced { // sessions have it, and are to be told
		o.forced[name] = Own{Name: v.Name}
	}
	for _, v := range list {
		if o.forced == nil {
			o.forced = map[string]Own{}
		}
		o.forced[strings.ToLower(v.Name)] = v
	}
	o.merge()
}

// merge makes of what was put and what is forced what holds. The lock is held.
func (o *OwnValues) merge() {
	next := map[string]Own{}
	maps.Copy(next, o.put)
	for name, v := range o.forced {
		if _, there := next[name]; v.Value != "" || !there {
			next[name] = v
		}
		if v := next[name]; v.Value == "" && Known[name] != nil {
			v.Value = Known[name].Initial
			next[name] = v
		}
	}
	o.current.Store(&next)
}

// All are the values by lower-case names. They are not to be changed.
func (o *OwnValues) All() map[string]Own {
	if o == nil {
		return nil // values of no session
	}
	if all := o.current.Load(); all != nil {
		return *all
	}
	return nil
}

// Seen is another after each Put.
func (o *OwnValues) Seen() any { return o.current.Load() }

// Refresh makes the server's own values effective where the session has none.
func (st *Values) Refresh() {
	for name := range st.own.All() {
		st.apply(name)
	}
}

// DeclareOwn declares a setting of the server's that is not PostgreSQL's, unless it is declared already; reloads: it may change
// while the server runs. No session may have begun.
func DeclareOwn(name, initial, about, varType string, reloads bool) {
	if Known[strings.ToLower(name)] != nil {
		return
	}
	context := "postmaster"
	if reloads {
		context = "sighup"
	}
	Declare(Setting{Name: name, Initial: initial, About: about, VarType: varType, Context: context, Fixed: true, refusal: unsettable[context], Check: checkString})
}

// Origins are where the values are from that are not as they are declared, for pg_settings: by "source:", "file:", "line:",
// "pending:" or "reset:" before a setting's lower-case name.
func (st *Values) Origins() map[string]string {
	out := map[string]string{}
	for name, v := range st.own.All() {
		out["reset:"+name] = v.Value
		if v.Source != "" {
			out["source:"+name] = v.Source
		}
		if v.File != "" {
			out["file:"+name], out["line:"+name] = v.File, strconv.Itoa(v.Line)
		}
		if v.Pending {
			out["pending:"+name] = "t"
		}
	}
	for name, v := range st.startup {
		if k := Known[name]; k != nil && !k.Hidden {
			out["source:"+name], out["reset:"+name] = "client", v
		}
	}
	for _, name := range st.Given() {
		out["source:"+name] = "session"
	}
	return out
}
