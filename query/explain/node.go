package explain

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/query/syntax"
)

// Node is a step of a plan, as EXPLAIN shows it.
type Node struct {
	Kind     string // what the text form calls it, with the direction
	Relation string // empty: it reads none
	Cond     string // what the index answers
	Filter   string // what is checked of each row
	Guard    string // the question that decides about an INSERT where it appends
	// Serializable are conditions: an event that meets one, and that others commit meanwhile, has the transaction fail.
	Serializable []string
	GroupKey     string
	Output       []string // the columns, for VERBOSE

	Startup, Total float64 // cost; the unit is a row of the log read in order
	Rows           float64
	Width          int // bytes a row

	Actual *Actual // nil: it was not run
	Child  *Node
}

// Actual is what ANALYZE has measured of the root.
type Actual struct {
	Rows        int64
	First, Last time.Duration // to the first row and to the end
}

// Times are told beside a plan.
type Times struct{ Planned, Executed time.Duration }

// millis writes a time as EXPLAIN does, in milliseconds.
func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Nanoseconds())/1e6, 'f', 3, 64)
}

// Lines writes a plan as its statement asks: the rows of the answer.
func Lines(st *syntax.ExplainStmt, root *Node, took Times) []string {
	w := writer{st}
	switch st.Format {
	case "json":
		return []string{w.json(root, took)}
	case "xml":
		return []string{w.xml(root, took)}
	case "yaml":
		return []string{w.yaml(root, took)}
	}
	return w.text(root, took)
}

// writer writes a plan as its statement asks.
type writer struct{ *syntax.ExplainStmt }

// summarizes tells whether times stand beside the plan.
func (st writer) summarizes() bool {
	if st.Summary != nil {
		return *st.Summary
	}
	return st.Analyze
}

// text writes the text form, a line a row.
func (st writer) text(n *Node, took Times) []string {
	var lines []string
	indent := ""
	for ; n != nil; n = n.Child {
		line := indent
		if indent != "" {
			line = indent[:len(indent)-6] + "  ->  "
		}
		line += n.Kind
		if n.Relation != "" {
			line += " on " + n.Relation
		}
		if !st.NoCosts {
			line += fmt.Sprintf("  (cost=%.2f..%.2f rows=%.0f width=%d)", n.Startup, n.Total, n.Rows, n.Width)
		}
		if a := n.Actual; a != nil {
			if st.NoTiming {
				line += fmt.Sprintf(" (actual rows=%d loops=1)", a.Rows)
			} else {
				line += fmt.Sprintf(" (actual time=%s..%s rows=%d loops=1)", millis(a.First), millis(a.Last), a.Rows)
			}
		}
		lines = append(lines, line)
		detail := indent + "  "
		if len(n.Output) > 0 && st.Verbose {
			lines = append(lines, detail+"Output: "+strings.Join(n.Output, ", "))
		}
		for _, d := range []struct{ name, text string }{{"Group Key", n.GroupKey}, {"Index Cond", n.Cond}, {"Filter", n.Filter}, {"Guard", n.Guard}} {
			if d.text != "" {
				lines = append(lines, detail+d.name+": "+d.text)
			}
		}
		for _, text := range n.Serializable {
			lines = append(lines, detail+"Serializable: "+text)
		}
		indent += "      "
	}
	if st.summarizes() {
		lines = append(lines, "Planning Time: "+millis(took.Planned)+" ms")
		if st.Analyze {
			lines = append(lines, "Execution Time: "+millis(took.Executed)+" ms")
		}
	}
	return lines
}

// property is one of a node in the forms that are not text.
type property struct {
	name  string
	value any // a string, a number as written, a list of strings, a node
}

// number is a number as it is written.
type number string

func (st writer) properties(n *Node) []property {
	list := []property{{"Node Type", n.Kind}, {"Parallel Aware", false}, {"Async Capable", false}}
	if n.Relation != "" {
		list = append(list, property{"Relation Name", n.Relation})
		if st.Verbose {
			list = append(list, property{"Schema", "public"})
		}
		list = append(list, property{"Alias", n.Relation})
	}
	if !st.NoCosts {
		list = append(list, property{"Startup Cost", number(strconv.FormatFloat(n.Startup, 'f', 2, 64))},
			property{"Total Cost", number(strconv.FormatFloat(n.Total, 'f', 2, 64))},
			property{"Plan Rows", number(strconv.FormatFloat(n.Rows, 'f', 0, 64))}, property{"Plan Width", number(strconv.Itoa(n.Width))})
	}
	if a := n.Actual; a != nil {
		if !st.NoTiming {
			list = append(list, property{"Actual Startup Time", number(millis(a.First))},
				property{"Actual Total Time", number(millis(a.Last))})
		}
		list = append(list, property{"Actual Rows", number(strconv.FormatInt(a.Rows, 10))}, property{"Actual Loops", number("1")})
	}
	if len(n.Output) > 0 && st.Verbose {
		list = append(list, property{"Output", n.Output})
	}
	if n.GroupKey != "" {
		list = append(list, property{"Group Key", []string{n.GroupKey}})
	}
	if n.Cond != "" {
		list = append(list, property{"Index Cond", n.Cond})
	}
	if n.Filter != "" {
		list = append(list, property{"Filter", n.Filter})
	}
	if n.Guard != "" {
		list = append(list, property{"Guard", n.Guard})
	}
	if len(n.Serializable) > 0 {
		list = append(list, property{"Serializable", n.Serializable})
	}
	if n.Child != nil {
		list = append(list, property{"Plans", n.Child})
	}
	return list
}

// times are what stands beside the plan.
func (st writer) times(took Times) []property {
	if !st.summarizes() {
		return nil
	}
	list := []property{{"Planning Time", number(millis(took.Planned))}}
	if st.Analyze {
		list = append(list, property{"Triggers", []string{}}, property{"Execution Time", number(millis(took.Executed))})
	}
	return list
}

// json, yaml and xml write the other forms, with PostgreSQL's names.
func (st writer) json(n *Node, took Times) string {
	var b strings.Builder
	var object func(list []property, indent string)
	var value func(v any, indent string)
	text := func(s string) string {
		out, err := json.Marshal(s)
		if err != nil {
			panic(err) // a string is always JSON
		}
		return string(out)
	}
	value = func(v any, indent string) {
		switch v := v.(type) {
		case string:
			b.WriteString(text(v))
		case number:
			b.WriteString(string(v))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		case []string:
			quoted := make([]string, len(v))
			for i := range v {
				quoted[i] = text(v[i])
			}
			b.WriteString("[" + strings.Join(quoted, ", ") + "]")
		case *Node:
			b.WriteString("[\n" + indent + "  ")
			object(st.properties(v), indent+"  ")
			b.WriteString("\n" + indent + "]")
		}
	}
	object = func(list []property, indent string) {
		b.WriteString("{")
		for i, p := range list {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n" + indent + "  " + text(p.name) + ": ")
			value(p.value, indent+"  ")
		}
		b.WriteString("\n" + indent + "}")
	}
	b.WriteString("[\n  {\n    \"Plan\": ")
	object(st.properties(n), "    ")
	for _, p := range st.times(took) {
		b.WriteString(",\n    " + text(p.name) + ": ")
		value(p.value, "    ")
	}
	b.WriteString("\n  }\n]")
	return b.String()
}

func (st writer) yaml(n *Node, took Times) string {
	var b strings.Builder
	quoted := func(s string) string { return strconv.Quote(s) }
	var write func(list []property, indent string)
	write = func(list []property, indent string) {
		for _, p := range list {
			b.WriteString(indent + p.name + ": ")
			switch v := p.value.(type) {
			case string:
				b.WriteString(quoted(v) + "\n")
			case number:
				b.WriteString(string(v) + "\n")
			case bool:
				b.WriteString(strconv.FormatBool(v) + "\n")
			case []string:
				b.WriteString("\n")
				for _, s := range v {
					b.WriteString(indent + "  - " + quoted(s) + "\n")
				}
			case *Node:
				b.WriteString("\n")
				at := b.Len()
				write(st.properties(v), indent+"    ")
				// The first of the node's lines begins the list's item.
				whole := b.String()
				b.Reset()
				b.WriteString(whole[:at] + indent + "  - " + whole[at+len(indent)+4:])
			}
		}
	}
	b.WriteString("- Plan: \n")
	write(st.properties(n), "    ")
	write(st.times(took), "  ")
	return strings.TrimSuffix(b.String(), "\n")
}

func (st writer) xml(n *Node, took Times) string {
	var b strings.Builder
	tag := func(name string) string { return strings.ReplaceAll(name, " ", "-") }
	escaped := func(s string) string {
		var out strings.Builder
		if err := xml.EscapeText(&out, []byte(s)); err != nil {
			panic(err) // a builder takes everything
		}
		return out.String()
	}
	var write func(list []property, indent string)
	write = func(list []property, indent string) {
		for _, p := range list {
			name := tag(p.name)
			switch v := p.value.(type) {
			case string:
				fmt.Fprintf(&b, "%s<%s>%s</%s>\n", indent, name, escaped(v), name)
			case number:
				fmt.Fprintf(&b, "%s<%s>%s</%s>\n", indent, name, v, name)
			case bool:
				fmt.Fprintf(&b, "%s<%s>%t</%s>\n", indent, name, v, name)
			case []string:
				fmt.Fprintf(&b, "%s<%s>\n", indent, name)
				for _, s := range v {
					fmt.Fprintf(&b, "%s  <Item>%s</Item>\n", indent, escaped(s))
				}
				fmt.Fprintf(&b, "%s</%s>\n", indent, name)
			case *Node:
				fmt.Fprintf(&b, "%s<%s>\n%s  <Plan>\n", indent, name, indent)
				write(st.properties(v), indent+"    ")
				fmt.Fprintf(&b, "%s  </Plan>\n%s</%s>\n", indent, indent, name)
			}
		}
	}
	b.WriteString("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n    <Plan>\n")
	write(st.properties(n), "      ")
	b.WriteString("    </Plan>\n")
	write(st.times(took), "    ")
	b.WriteString("  </Query>\n</explain>")
	return b.String()
}
