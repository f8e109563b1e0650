package consumer

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
)

func init() {
	for f, call := range map[*relation.Function]func(h Host, a []pgvalue.Value, v *pgvalue.Value) error{
		relation.CreateConsumer: create, relation.DropConsumer: drop, relation.AlterConsumer: alter, relation.ResetConsumer: reset,
		relation.Ack: ack, relation.Nack: nack, relation.Leave: leave, relation.Unpark: unpark,
	} {
		expr.RegisterOwn(f, func(h expr.Host, a []pgvalue.Value, v *pgvalue.Value) error {
			*v = pgvalue.TextValue("") // of type void
			return call(h.(Host), a, v)
		})
	}
}

// given checks that an argument is not null.
func given(v *pgvalue.Value, what string) error {
	if v.Kind == pgvalue.Null {
		return pgerror.Errorf(pgerror.NullValueNotAllowed, "%s must not be null", what)
	}
	return nil
}

// Duration reads an interval that must not be negative, an argument of a function of ours: a month has 30 days.
func Duration(v *pgvalue.Value, what string) (time.Duration, error) {
	iv, err := pgfn.ParseInterval(v.Text)
	if err != nil {
		return 0, err
	}
	d := iv.Duration()
	if d < 0 {
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "%s must not be negative", what)
	}
	return d, nil
}

// use finds a consumer that the session may use, by a function's first argument.
func use(h Host, a []pgvalue.Value) (*Consumer, error) {
	if err := given(&a[0], "the name of a consumer"); err != nil {
		return nil, err
	}
	_, r := h.Consuming()
	c, err := r.find(a[0].Text)
	if err != nil {
		return nil, err
	}
	if !h.ActsFor(c.owner) {
		return nil, pgerror.Errorf(pgerror.InsufficientPrivilege, "must be owner of consumer %s", c.name)
	}
	return c, nil
}

// toChange finds a consumer that a function changes, whose name is tag.
func toChange(h Host, a []pgvalue.Value, tag string) (*Consumer, error) {
	if err := h.Writes(tag); err != nil {
		return nil, err
	}
	return use(h, a)
}

// member is who a function's call speaks for, the session itself where it names none; nil: it is no member.
func member(h Host, c *Consumer, name *pgvalue.Value) *Member {
	seat, _ := h.Consuming()
	return seat.member(c, name.Text, name.Kind != pgvalue.Null)
}

// position checks where a consumer is to begin, behind which position; null is now.
func position(v *pgvalue.Value, r *Registry) (int64, error) {
	last := r.index.GlobalPosition()
	switch {
	case v.Kind == pgvalue.Null:
		return last, nil
	case v.Int < -1 || v.Int > last:
		return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "a consumer begins after a position between -1 and that of the newest event, %d", last)
	}
	return v.Int, nil
}

func create(h Host, a []pgvalue.Value, _ *pgvalue.Value) error {
	for i, what := range []string{"the name of a consumer", "", "", "partitions", "max_attempts", "lease", "on_park"} {
		if what != "" {
			if err := given(&a[i], what); err != nil {
				return err
			}
		}
	}
	if err := h.Writes("create_consumer()"); err != nil {
		return err
	}
	owner, err := h.Creator()
	if err != nil {
		return err
	}
	lease, err := Duration(&a[5], "lease")
	if err != nil {
		return err
	}
	d := Definition{
		ID: uuid.New(), Name: a[0].Text, Owner: owner, Filter: a[1].Text, Partitions: int(a[3].Int), MaxAttempts: int(a[4].Int),
		Lease: lease.Microseconds(), OnPark: a[6].Text,
	}
	if err := d.check(); err != nil {
		return err
	}
	if _, err := compile(h, d.Filter); err != nil {
		return err
	}
	seat, r := h.Consuming()
	after, err := position(&a[2], r)
	if err != nil {
		return err
	}
	changes, err := r.create(seat, &d, after)
	if err != nil {
		return err
	}
	return seat.stage(h, changes)
}

// create are the changes that make a consumer.
func (r *Registry) create(seat *Seat, d *Definition, after int64) ([]engine.ControlChange, error) {
	name := nameKey(d.Name)
	named := r.control.Get(name).Version // before it looks which names there are
	list := r.all()
	taken := seat.defines(d.Name)
	for _, c := range list {
		taken = taken || c.name == d.Name && !seat.deletes(definitionKey(c.slot))
	}
	if taken {
		return nil, pgerror.Errorf(pgerror.DuplicateObject, "consumer \"%s\" already exists", d.Name)
	}
	if len(list) >= maxConsumers {
		return nil, pgerror.Errorf(pgerror.ProgramLimitExceeded, "there may be %d consumers at most", maxConsumers)
	}
	slot := 0
	for r.control.Get(definitionKey(slot)).Exists() || seat.change(definitionKey(slot)) != nil {
		slot++
	}
	key := definitionKey(slot)
	changes := []engine.ControlChange{change(name, d.Name, named), change(key, d, r.control.Get(key).Version)}
	for p := range d.Partitions {
		key := checkpointKey(slot, p)
		changes = append(changes, change(key, checkpoint{Position: after}, r.control.Get(key).Version))
	}
	return changes, nil
}

func drop(h Host, a []pgvalue.Value, _ *pgvalue.Value) error {
	c, err := toChange(h, a, "drop_consumer()")
	if err != nil {
		return err
	}
	seat, r := h.Consuming()
	c.mu.Lock()
	changes := []engine.ControlChange{{Key: definitionKey(c.slot), Delete: true, IfVersion: c.version}}
	c.mu.Unlock()
	for p := range c.parts {
		changes = append(changes, engine.ControlChange{Key: checkpointKey(c.slot, p), Delete: true, IfVersion: engine.AnyControlVersion})
	}
	shelved, _ := r.control.List(parkedKeys(c.slot))
	for i := range shelved {
		changes = append(changes, engine.ControlChange{Key: shelved[i].Key, Delete: true, IfVersion: engine.AnyControlVersion})
	}
	seat.altered = append(seat.altered, c)
	return seat.stage(h, changes)
}

func alter(h Host, a []pgvalue.Value, _ *pgvalue.Value) error {
	c, err := toChange(h, a, "alter_consumer()")
	if err != nil {
		return err
	}
	seat, _ := h.Consuming()
	c.mu.Lock()
	d, version := c.def, c.version
	c.mu.Unlock()
	if a[1].Kind != pgvalue.Null {
		d.Filter = a[1].Text
	}
	if a[2].Kind != pgvalue.Null && int(a[2].Int) != d.Partitions {
		return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "the partitions of a consumer cannot be altered").
			WithDetail("Which stream is in which partition follows from how many there are.").WithHint("Create another consumer that begins where this one is.")
	}
	if a[3].Kind != pgvalue.Null {
		d.MaxAttempts = int(a[3].Int)
	}
	if a[4].Kind != pgvalue.Null {
		lease, err := Duration(&a[4], "lease")
		if err != nil {
			return err
		}
		d.Lease = lease.Microseconds()
	}
	if a[5].Kind != pgvalue.Null {
		d.OnPark = a[5].Text
	}
	if err := d.check(); err != nil {
		return err
	}
	if _, err := compile(h, d.Filter); err != nil {
		return err
	}
	seat.altered = append(seat.altered, c)
	return seat.stage(h, []engine.ControlChange{change(definitionKey(c.slot), &d, version)})
}

func reset(h Host, a []pgvalue.Value, _ *pgvalue.Value) error {
	c, err := toChange(h, a, "reset_consumer()")
	if err != nil {
		return err
	}
	seat, r := h.Consuming()
	after, err := position(&a[1], r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.def
	d.Lost = false
	changes := []engine.ControlChange{change(definitionKey(c.slot), &d, c.version)}
	for p := range c.parts {
		changes = append(changes, change(checkpointKey(c.slot, p), checkpoint{Position: after}, engine.AnyControlVersion))
	}
	c.loadShelves()
	for p := range c.shelves { // what is parked behind it comes again
		for i := range c.shelves[p].list {
			if one := &c.shelves[p].list[i]; one.Position > after {
				changes = append(changes, c.unshelve(p, one))
			}
		}
	}
	seat.altered = append(seat.altered, c)
	return seat.stage(h, changes)
}

// change is what the transaction does to a key, nil if that is nothing.
func (s *Seat) change(key string) *engine.ControlChange {
	for i := range s.staged {
		if s.staged[i].Key == key {
			return &s.staged[i]
		}
	}
	return nil
}

// deletes tells whether the transaction deletes a key.
func (s *Seat) deletes(key string) bool {
	x := s.change(key)
	return x != nil && x.Delete
}

// defines tells whether the transaction makes a consumer of a name.
func (s *Seat) defines(name string) bool {
	return slices.ContainsFunc(s.staged, func(x engine.ControlChange) bool {
		var d Definition
		return strings.HasPrefix(x.Key, definitionPrefix) && !x.Delete && json.Unmarshal(x.Value, &d) == nil && d.Name == name
	})
}

// Serve opens the rows of a relation that the server makes: those that consume returns for arguments, or what there is to be told of consumers.
func Serve(host expr.Host, rel *relation.Relation, args []pgvalue.Value) (func() ([]pgvalue.Value, error), error) {
	h := host.(Host)
	if rel != relation.Consumed {
		_, r := h.Consuming()
		return r.rows(h, rel)
	}
	events, err := consume(h, args)
	if err != nil {
		return nil, err
	}
	h.Looked()
	return values(events), nil
}

// consume is the function of that name.
func consume(h Host, a []pgvalue.Value) ([]Event, error) {
	if err := h.Leads("consume()"); err != nil {
		return nil, err
	}
	c, err := use(h, a)
	if err != nil {
		return nil, err
	}
	if err := given(&a[1], "batch"); err != nil {
		return nil, err
	}
	if a[1].Int < 1 || a[1].Int > maxBatch {
		return nil, pgerror.Errorf(pgerror.InvalidParameterValue, "batch must be between 1 and %d", maxBatch)
	}
	before, waits := h.Sight()
	r := request{limit: int(a[1].Int), before: before}
	if a[2].Kind != pgvalue.Null {
		d, err := Duration(&a[2], "wait")
		if err != nil {
			return nil, err
		}
		if waits && d > 0 {
			r.deadline = time.Now().Add(d)
		}
	}
	seat, _ := h.Consuming()
	m := member(h, c, &a[3])
	if m == nil {
		if m, err = c.join(a[3].Text, a[3].Kind != pgvalue.Null); err != nil {
			return nil, err
		}
		if !m.named {
			seat.enter(m)
		}
	}
	seat.touch(m)
	b, events, err := c.consume(h, m, &r)
	if errors.Is(err, errLeft) {
		err = nil
	}
	seat.gave(m, b)
	return events, err
}

func ack(h Host, a []pgvalue.Value, _ *pgvalue.Value) error {
	c, err := toChange(h, a, "ack()")
	if err != nil {
		return err
	}
	if err := given(&a[1], "upto"); err != nil {
		return err
	}
	seat, _ := h.Consuming()
	m := member(h, c, &a[2])
	b, changes, err := c.ack(m, seat.has(m), a[1].Int)
	if err != nil {
		return err
	}
	seat.touch(m)
	if len(changes) > 0 {
		if err := seat.stage(h, changes); err != nil {
			return err
		}
		seat.acks = append(seat.acks[:len(seat.acks):len(seat.acks)], acked{m, b, a[1].Int})
	}
	return nil
}

func nack(h Host, a []pgvalue.Value, v *pgvalue.Value) error {
	c, err := toChange(h, a, "nack()")
	if err != nil {
		return err
	}
	if err := given(&a[1], "at"); err != nil {
		return err
	}
	if h.Changes() {
		return pgerror.Errorf(pgerror.ActiveSQLTransaction, "nack() cannot run in a transaction that appends").
			WithDetail("It is a transaction of its own.").WithHint("ROLLBACK first: what failed is not to be kept.")
	}
	var after time.Duration
	waits := a[3].Kind != pgvalue.Null
	if waits {
		if after, err = Duration(&a[3], "retry_after"); err != nil {
			return err
		}
	}
	m := member(h, c, &a[4])
	gaveUp, err := c.nack(h, m, a[1].Int, a[2].Text, after, waits)
	*v = pgvalue.BoolValue(gaveUp)
	return err
}

func leave(h Host, a []pgvalue.Value, v *pgvalue.Value) error {
	c, err := use(h, a)
	if err != nil {
		return err
	}
	m := member(h, c, &a[1])
	*v = pgvalue.BoolValue(m != nil)
	if m != nil {
		c.left(m, true)
	}
	return nil
}

func unpark(h Host, a []pgvalue.Value, v *pgvalue.Value) error {
	c, err := toChange(h, a, "unpark()")
	if err != nil {
		return err
	}
	if err := given(&a[1], "at"); err != nil {
		return err
	}
	n, changes, err := c.unpark(a[1].Int)
	if err != nil {
		return err
	}
	seat, _ := h.Consuming()
	seat.altered = append(seat.altered, c)
	*v = pgvalue.IntValue(n)
	return seat.stage(h, changes)
}
