package serializable

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// event is an event of the log, as the model has it.
type event struct {
	position                       int64
	stream, category, kind, number string
	tags                           []string
	of                             string
}

func (e *event) has(tag string) bool { return slices.Contains(e.tags, tag) }

// question is a SELECT, what it answers of a log, and which events can change that.
type question struct {
	sql    string
	answer func(log []event) string
	meets  func(e *event) bool
	params []any
}

// ask makes a random question about the events whose names begin with own; analytical: the worker may be asked.
func ask(r *rand.Rand, own string, analytical bool) question {
	p := predicate(r, own)
	if !analytical {
		p = p.within(own)
	}
	count := func(log []event) (n int, newest int64) {
		newest = -1
		for i := range log {
			if p.meets(&log[i]) {
				n, newest = n+1, log[i].position
			}
		}
		return n, newest
	}
	kind := r.IntN(11)
	if !analytical && kind >= 3 && kind <= 5 {
		kind = 10
	}
	switch kind {
	case 0: // natively, with parameters
		q := question{sql: "SELECT count(*) FROM events WHERE tags @> ARRAY[$1] AND type = $2", meets: nil}
		tag, kind := tagOf(r, own), kindOf(r, own)
		q.params = []any{tag, kind}
		q.meets = func(e *event) bool { return e.has(tag) && e.kind == kind }
		q.answer = func(log []event) string {
			n := 0
			for i := range log {
				if q.meets(&log[i]) {
					n++
				}
			}
			return fmt.Sprint(n)
		}
		return q
	case 1: // the newest
		return question{sql: "SELECT position FROM events WHERE " + p.of("") + " ORDER BY position DESC LIMIT 1", meets: p.meets, answer: func(log []event) string {
			if n, newest := count(log); n > 0 {
				return fmt.Sprint(newest)
			}
			return ""
		}}
	case 2: // the first few: once they are there, nothing can change them
		k := 1 + r.IntN(3)
		return question{sql: fmt.Sprintf("SELECT position FROM events WHERE %s ORDER BY position LIMIT %d", p.of(""), k), meets: p.meets, answer: func(log []event) string {
			var list []string
			for i := range log {
				if p.meets(&log[i]) && len(list) < k {
					list = append(list, fmt.Sprint(log[i].position))
				}
			}
			return strings.Join(list, ";")
		}}
	case 3: // by the worker
		return question{sql: "SELECT type, count(*) FROM events WHERE " + p.of("") + " GROUP BY type HAVING count(*) > 1 ORDER BY type", meets: p.meets, answer: func(log []event) string {
			counts := map[string]int{}
			for i := range log {
				if p.meets(&log[i]) {
					counts[log[i].kind]++
				}
			}
			var list []string
			for kind, n := range counts {
				if n > 1 {
					list = append(list, fmt.Sprintf("%s,%d", kind, n))
				}
			}
			slices.Sort(list)
			return strings.Join(list, ";")
		}}
	case 4: // a join by the worker: each side counts with its own condition
		other := predicate(r, own)
		return question{
			sql:   "SELECT count(*) FROM events a JOIN events b ON a.stream = b.stream WHERE " + p.of("a.") + " AND " + other.of("b."),
			meets: func(e *event) bool { return p.meets(e) || other.meets(e) },
			answer: func(log []event) string {
				n := 0
				for i := range log {
					for k := range log {
						if p.meets(&log[i]) && other.meets(&log[k]) && log[i].stream == log[k].stream {
							n++
						}
					}
				}
				return fmt.Sprint(n)
			},
		}
	case 5: // a left join: only ON narrows its right side
		other := predicate(r, own)
		return question{
			sql:   "SELECT count(*) FROM events a LEFT JOIN events b ON a.stream = b.stream AND " + other.of("b.") + " WHERE " + p.of("a.") + " AND (b.type = '" + own + "K0' OR b.type IS NULL)",
			meets: func(e *event) bool { return p.meets(e) || other.meets(e) },
			answer: func(log []event) string {
				n := 0
				for i := range log {
					if !p.meets(&log[i]) {
						continue
					}
					joined := false
					for k := range log {
						if other.meets(&log[k]) && log[i].stream == log[k].stream {
							joined = true
							if log[k].kind == own+"K0" {
								n++
							}
						}
					}
					if !joined {
						n++
					}
				}
				return fmt.Sprint(n)
			},
		}
	case 6: // streams
		category := categoryOf(r, own)
		if !analytical {
			return question{sql: fmt.Sprintf("SELECT count(*) FROM streams WHERE stream IN ('%[1]s-0', '%[1]s-1', '%[1]s-2')", category), meets: func(e *event) bool { return e.category == category }, answer: streamsOf(category)}
		}
		return question{sql: "SELECT count(*) FROM streams WHERE category = '" + category + "'", meets: func(e *event) bool { return e.category == category }, answer: streamsOf(category)}
	case 7: // a payload
		number := fmt.Sprint(r.IntN(3))
		return question{
			sql:   "SELECT count(*) FROM events WHERE " + p.of("") + " AND payload->>'n' = '" + number + "'",
			meets: func(e *event) bool { return p.meets(e) && e.number == number },
			answer: func(log []event) string {
				n := 0
				for i := range log {
					if p.meets(&log[i]) && log[i].number == number {
						n++
					}
				}
				return fmt.Sprint(n)
			},
		}
	}
	return question{sql: "SELECT count(*), coalesce(max(position), -1) FROM events WHERE " + p.of(""), meets: p.meets, answer: func(log []event) string {
		n, newest := count(log)
		return fmt.Sprintf("%d,%d", n, newest)
	}}
}

// streamsOf counts the streams of a category.
func streamsOf(category string) func([]event) string {
	return func(log []event) string {
		streams := map[string]bool{}
		for i := range log {
			if log[i].category == category {
				streams[log[i].stream] = true
			}
		}
		return fmt.Sprint(len(streams))
	}
}

// condition is a predicate on one event.
type condition struct {
	of    func(table string) string // as SQL about a table of FROM; table is empty, or ends in a point
	meets func(e *event) bool
}

// within is the same of the history's own events, which an index tells of: the worker is not asked.
func (c condition) within(own string) condition {
	return condition{func(table string) string {
		return fmt.Sprintf("%scategory IN ('%sc0', '%sc1') AND (%s)", table, own, own, c.of(table))
	}, c.meets}
}

func predicate(r *rand.Rand, own string) condition { return anyCondition(r, own, 2) }

func anyCondition(r *rand.Rand, own string, depth int) condition {
	if depth > 0 && r.IntN(3) == 0 {
		a, b := anyCondition(r, own, depth-1), anyCondition(r, own, depth-1)
		word, meets := " AND ", func(e *event) bool { return a.meets(e) && b.meets(e) }
		if r.IntN(2) == 0 {
			word, meets = " OR ", func(e *event) bool { return a.meets(e) || b.meets(e) }
		}
		return condition{func(table string) string { return "(" + a.of(table) + word + b.of(table) + ")" }, meets}
	}
	column := func(name, test string) func(string) string {
		return func(table string) string { return table + name + test }
	}
	switch r.IntN(6) {
	case 0:
		stream := streamOf(r, own)
		return condition{column("stream", " = '"+stream+"'"), func(e *event) bool { return e.stream == stream }}
	case 1:
		a, b := kindOf(r, own), kindOf(r, own)
		return condition{column("type", " IN ('"+a+"', '"+b+"')"), func(e *event) bool { return e.kind == a || e.kind == b }}
	case 2:
		category := categoryOf(r, own)
		return condition{column("category", " = '"+category+"'"), func(e *event) bool { return e.category == category }}
	case 3:
		a, b := tagOf(r, own), tagOf(r, own)
		return condition{column("tags", " && '{"+a+","+b+"}'"), func(e *event) bool { return e.has(a) || e.has(b) }}
	case 4:
		a, b := tagOf(r, own), tagOf(r, own)
		return condition{column("tags", " @> '{"+a+","+b+"}'"), func(e *event) bool { return e.has(a) && e.has(b) }}
	}
	a := tagOf(r, own)
	return condition{column("tags", " @> '{"+a+"}'"), func(e *event) bool { return e.has(a) }}
}

func tagOf(r *rand.Rand, own string) string      { return fmt.Sprint(own, "t", r.IntN(4)) }
func kindOf(r *rand.Rand, own string) string     { return fmt.Sprint(own, "K", r.IntN(3)) }
func categoryOf(r *rand.Rand, own string) string { return fmt.Sprint(own, "c", r.IntN(2)) }
func streamOf(r *rand.Rand, own string) string {
	return fmt.Sprint(categoryOf(r, own), "-", r.IntN(3))
}
