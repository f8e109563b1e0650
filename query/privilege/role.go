package privilege

import "slices"

// BootstrapOID is the OID of the role that every store has: a superuser that owns what nobody else does.
const BootstrapOID = 10

// FirstOID is the first that a role made by a statement gets.
const FirstOID = 20_000

// Role is a role. It does not change once it is in [Roles].
type Role struct {
	OID         uint32 `json:"oid"`
	Name        string `json:"name"`
	Superuser   bool   `json:"superuser,omitempty"`
	Login       bool   `json:"login,omitempty"`
	NoInherit   bool   `json:"noInherit,omitempty"` // what it is a member of it has to SET ROLE to
	CreateRole  bool   `json:"createRole,omitempty"`
	CreateDB    bool   `json:"createDB,omitempty"` // kept, without effect
	Replication bool   `json:"replication,omitempty"`
	BypassRLS   bool   `json:"bypassRLS,omitempty"`
	// Limit is how many sessions it may have at once; nil: any number.
	Limit *int32 `json:"limit,omitempty"`
	// ValidUntil is until when its password serves, µs since the Unix epoch; nil, and infinity: for ever.
	ValidUntil *int64       `json:"validUntil,omitempty"`
	MemberOf   []Membership `json:"memberOf,omitempty"`
	// Settings are what its sessions begin with.
	Settings []Settings `json:"settings,omitempty"`
	Comment  string     `json:"comment,omitempty"`
}

// Membership is that a role is granted another. A role has them by the other's OID: in this order it is asked as which it grants.
type Membership struct {
	Role    uint32 `json:"role"`
	Grantor uint32 `json:"grantor"`
	Admin   bool   `json:"admin,omitempty"`
}

// Settings are those that sessions of a role begin with in a database; Database empty: in any.
type Settings struct {
	Database string    `json:"database,omitempty"`
	Values   []Setting `json:"values"`
}

// Setting is a setting with its value.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// The predefined roles that mean something here.
const (
	DatabaseOwner   = 6171
	ReadAllData     = 6181
	WriteAllData    = 6182
	Monitor         = 3373
	ReadAllSettings = 3374
	ReadAllStats    = 3375
	SignalBackend   = 4200
	// AuthQuery is ours: its members are told of verifiers, as a pool's auth_query has to.
	AuthQuery = 8300
)

// MessageStore is the role whose members may use schema message_store. It is there once a superuser has granted or created it.
const MessageStore = "message_store"

// Predefined are the roles that there always are, beside the bootstrap superuser.
var Predefined = []*Role{
	{OID: Monitor, Name: "pg_monitor", MemberOf: []Membership{{ReadAllSettings, BootstrapOID, false}, {ReadAllStats, BootstrapOID, false}, {3377, BootstrapOID, false}}},
	{OID: ReadAllSettings, Name: "pg_read_all_settings"},
	{OID: ReadAllStats, Name: "pg_read_all_stats"},
	{OID: 3377, Name: "pg_stat_scan_tables"},
	{OID: SignalBackend, Name: "pg_signal_backend"},
	{OID: 4544, Name: "pg_checkpoint"},
	{OID: 4569, Name: "pg_read_server_files"},
	{OID: 4570, Name: "pg_write_server_files"},
	{OID: 4571, Name: "pg_execute_server_program"},
	{OID: DatabaseOwner, Name: "pg_database_owner"},
	{OID: ReadAllData, Name: "pg_read_all_data"},
	{OID: WriteAllData, Name: "pg_write_all_data"},
	{OID: AuthQuery, Name: "eventgres_auth_query"},
}

// IsPredefined tells whether an OID is such a role's.
func IsPredefined(oid uint32) bool {
	return slices.ContainsFunc(Predefined, func(r *Role) bool { return r.OID == oid })
}

// Roles are all roles at one moment, the predefined ones too. They do not change, and may be used concurrently.
type Roles struct {
	List   []*Role // those that are not predefined, by OID
	byOID  map[uint32]*Role
	byName map[string]*Role
}

// NewRoles is a set of roles, given by OID.
func NewRoles(list []*Role) *Roles {
	r := &Roles{List: list, byOID: make(map[uint32]*Role, len(list)+len(Predefined)), byName: make(map[string]*Role, len(list)+len(Predefined))}
	for _, all := range [][]*Role{Predefined, list} {
		for _, one := range all {
			r.byOID[one.OID], r.byName[one.Name] = one, one
		}
	}
	return r
}

// Named is the role of a name, nil if there is none.
func (r *Roles) Named(name string) *Role { return r.byName[name] }

// ByOID is the role of a number, nil if there is none.
func (r *Roles) ByOID(oid uint32) *Role { return r.byOID[oid] }

// Superuser tells whether a role is one.
func (r *Roles) Superuser(oid uint32) bool {
	one := r.byOID[oid]
	return one != nil && one.Superuser
}

// Member tells whether a role is another, or is granted it, by however many others: it may SET ROLE to it. A superuser is a member of all.
func (r *Roles) Member(oid, of uint32) bool { return r.Superuser(oid) || r.MemberByGrant(oid, of) }

// MemberByGrant is Member by grants alone: a superuser is no member of what it was not granted.
func (r *Roles) MemberByGrant(oid, of uint32) bool { return r.reaches(oid, of, false) }

// Uses tells whether a role has the privileges of another without SET ROLE: it is a member of it through roles that inherit.
func (r *Roles) Uses(oid, of uint32) bool { return r.Superuser(oid) || r.reaches(oid, of, true) }

// Admin tells whether a role may grant another: it, or one that it is a member of, was granted it WITH ADMIN OPTION.
func (r *Roles) Admin(oid, of uint32) bool {
	if r.Superuser(oid) {
		return true
	}
	found := false
	r.each(oid, false, func(one *Role) bool {
		found = slices.ContainsFunc(one.MemberOf, func(m Membership) bool { return m.Role == of && m.Admin })
		return !found
	})
	return found
}

func (r *Roles) reaches(oid, of uint32, inherited bool) bool {
	if oid == of {
		return r.byOID[oid] != nil // who is gone is not even itself
	}
	found := false
	r.each(oid, inherited, func(one *Role) bool {
		found = one.OID == of
		return !found
	})
	return found
}

// each calls f with a role and all that it is a member of, each once, until f says no. inherited: through roles that inherit alone.
func (r *Roles) each(oid uint32, inherited bool, f func(*Role) bool) {
	queue, seen := []uint32{oid}, map[uint32]bool{oid: true}
	for i := 0; i < len(queue); i++ {
		one := r.byOID[queue[i]]
		if one == nil {
			continue
		}
		if !f(one) {
			return
		}
		if inherited && one.NoInherit {
			continue
		}
		next := one.MemberOf
		if one.OID == BootstrapOID { // who owns the one database
			next = append(slices.Clip(next), Membership{Role: DatabaseOwner})
		}
		for _, m := range next {
			if !seen[m.Role] {
				seen[m.Role] = true
				queue = append(queue, m.Role)
			}
		}
	}
}
