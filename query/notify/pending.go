package notify

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

const (
	// MaxChannel is the length of a channel's name in bytes. PostgreSQL cuts names to 63; here a stream's whole name has room in one.
	MaxChannel = 600
	// maxPayload is PostgreSQL's: what is left of a page beside the name of the channel.
	maxPayload = 7999
	// fewNotifications are compared one by one to find one that is there already.
	fewNotifications = 16
)

// Pending is what a transaction has said of notifications, until it commits. A nil Pending has said nothing.
type Pending struct {
	actions []action
	list    []Notification
	known   map[Notification]struct{} // list, once there are more than a few
	bytes   int64

	registry *Registry // once the transaction is about to commit
	listener *Listener // the same, if it changes what the session listens to
	added    []string  // channels that it listens to for that already
	enqueued bool
}

// Said is a transaction's Pending, made here if it has said nothing yet.
func Said(p **Pending) *Pending {
	if *p == nil {
		*p = &Pending{}
	}
	return *p
}

// action is LISTEN or UNLISTEN; an empty channel is all.
type action struct {
	channel string
	listen  bool
}

// actionSize is what an action takes beside its channel, in bytes.
const actionSize = 48

// Bytes is what the session is to account for.
func (p *Pending) Bytes() int64 {
	if p == nil {
		return 0
	}
	return p.bytes
}

// CheckChannel checks the name of a channel.
func CheckChannel(channel string) error {
	switch {
	case channel == "":
		return pgerror.Errorf(pgerror.InvalidParameterValue, "channel name cannot be empty")
	case len(channel) > MaxChannel:
		return pgerror.Errorf(pgerror.InvalidParameterValue, "channel name too long")
	}
	return nil
}

// Listen has the session listen to a channel from the commit on.
func (p *Pending) Listen(channel string) error {
	if err := CheckChannel(channel); err != nil {
		return err
	}
	p.act(action{channel, true})
	return nil
}

// Unlisten ends that; an empty channel is all of them.
func (p *Pending) Unlisten(channel string) { p.act(action{channel, false}) }

func (p *Pending) act(a action) {
	a.channel = strings.Clone(a.channel) // which is a part of the statement
	p.actions = append(p.actions, a)
	p.bytes += actionSize + int64(len(a.channel))
}

// Notify notifies those who listen to a channel, once the transaction commits. What the transaction has said already it says once.
func (p *Pending) Notify(pid int32, channel, payload string) error {
	if err := CheckChannel(channel); err != nil {
		return err
	}
	if len(payload) > maxPayload {
		return pgerror.Errorf(pgerror.InvalidParameterValue, "payload string too long")
	}
	if _, own := Followed(channel); own {
		return pgerror.Errorf(pgerror.InsufficientPrivilege, "permission denied for channel \"%s\"", channel).
			WithHint("The server itself notifies on it, of what is appended.")
	}
	n := Notification{PID: pid, Channel: channel, Payload: payload}
	if p.has(n) {
		return nil
	}
	texts := channel + payload // a copy: they are parts of the statement
	n.Channel, n.Payload = texts[:len(channel)], texts[len(channel):]
	if len(payload) == 0 {
		n.Channel = strings.Clone(channel)
	}
	p.list = append(p.list, n)
	p.bytes += p.took(&n)
	if p.known != nil {
		p.known[n] = struct{}{}
	}
	return nil
}

// took is what a notification takes here: it is in a list, and maybe in a map.
func (p *Pending) took(n *Notification) int64 { return int64(n.size() + 2*overhead) }

func (p *Pending) has(n Notification) bool {
	if len(p.list) < fewNotifications {
		return slices.Contains(p.list, n)
	}
	if p.known == nil {
		p.known = make(map[Notification]struct{}, 2*fewNotifications)
		for _, n := range p.list {
			p.known[n] = struct{}{}
		}
	}
	_, has := p.known[n]
	return has
}

// Mark is how much a transaction had said at a savepoint.
type Mark struct{ actions, list int }

// Mark returns it.
func (p *Pending) Mark() Mark {
	if p == nil {
		return Mark{}
	}
	return Mark{len(p.actions), len(p.list)}
}

// Rollback takes back what was said since.
func (p *Pending) Rollback(m Mark) {
	if p == nil {
		return
	}
	for _, a := range p.actions[m.actions:] {
		p.bytes -= actionSize + int64(len(a.channel))
	}
	for i := range p.list[m.list:] {
		n := &p.list[m.list+i]
		p.bytes -= p.took(n)
		delete(p.known, *n)
	}
	clear(p.actions[m.actions:])
	clear(p.list[m.list:])
	p.actions, p.list = p.actions[:m.actions], p.list[:m.list]
}

// Prepare is called when the transaction is about to commit: what commits from now on reaches the session on the channels that it will listen
// to. l is the session's listener, made here if it is the first time. It fails where the session would listen to too many. End must be called.
func (p *Pending) Prepare(r *Registry, conn Conn, l **Listener) error {
	if p == nil {
		return nil
	}
	p.registry = r
	if len(p.actions) == 0 {
		return nil
	}
	if *l == nil {
		*l = &Listener{registry: r, conn: conn, channels: map[string]struct{}{}}
	}
	p.listener = *l
	conn.Listens(true)
	room := maxChannels - len(p.listener.names)
	for _, a := range p.actions {
		if _, listens := p.listener.channels[a.channel]; !a.listen || listens {
			continue
		}
		if room--; room < 0 {
			return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a session may listen to %d channels at most", maxChannels)
		}
		if key, follows := Followed(a.channel); !follows {
			r.add(p.listener, a.channel)
		} else if p.listener.feeds[a.channel] == nil {
			p.listener.follow(a.channel, key)
		}
		p.added = append(p.added, a.channel)
	}
	return nil
}

// Then is what an append of the transaction's calls when it has happened; nil: nothing.
func (p *Pending) Then() func() {
	if p == nil || len(p.list) == 0 {
		return nil
	}
	return p.enqueue
}

func (p *Pending) enqueue() {
	p.registry.enqueue(p.list)
	p.enqueued = true
}

// End is called when the transaction has committed, or failed to.
func (p *Pending) End(committed bool) {
	if p == nil || p.registry == nil {
		return
	}
	if p.listener != nil {
		p.resolve(committed)
	}
	if committed && len(p.list) > 0 {
		if !p.enqueued {
			p.enqueue()
		}
		p.registry.deliver()
	}
}

// resolve has the session listen to what it is to listen to from now on. A channel that it listened to before and does afterwards it has never
// left.
func (p *Pending) resolve(committed bool) {
	l, left := p.listener, p.added
	for _, a := range p.actions {
		switch {
		case !committed:
		case a.listen:
			l.listen(a.channel)
		default:
			left = append(left, l.unlisten(a.channel)...)
		}
	}
	for _, channel := range left {
		if _, listens := l.channels[channel]; !listens {
			l.leave(channel)
		}
	}
	for _, channel := range p.added {
		if f := l.feeds[channel]; f != nil && !f.began {
			f.began = true
			l.ready(f, l.registry.Events.Changes())
		}
	}
	if len(l.names) == 0 {
		l.forget()
	}
	l.conn.Listens(len(l.names) > 0)
}
