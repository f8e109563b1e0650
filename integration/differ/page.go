package differ

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/eventgres/eventgres/integration/analytics"
	"github.com/eventgres/eventgres/integration/compare"
	"github.com/eventgres/eventgres/integration/messagedb"
)

const pageHead = `# Differences from PostgreSQL 15

What Eventgres answers otherwise than PostgreSQL 15, as far as its tests know: they ask both
servers the same, and fail on a difference that is not declared. This page is made from
these declarations. What SERIALIZABLE, and an INSERT whose condition is decided at its position, do otherwise is in
[consistency](consistency.md#what-differs-from-postgresql).

    go test ./integration/differ -run TestDifferencesPage -rewrite

`

// page is docs/differences.md. root is the module's directory.
func page(root string) (string, error) {
	var b strings.Builder
	b.WriteString(pageHead)
	kinds(&b, "Kinds", "Found by random statements (integration/differ), and let be.", known)
	kinds(&b, "Waiting", "Known, and not meant: these wait to be mended.", waiting)
	if err := analytical(&b, root); err != nil {
		return "", err
	}
	if err := scripted(&b, root); err != nil {
		return "", err
	}
	messageDB(&b)
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

func kinds(b *strings.Builder, title, text string, list []Known) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n%s\n\n", title, text)
	for _, k := range list {
		fmt.Fprintf(b, "**%s** (%s). %s\n\n", k.Name, classes(k), k.Reason)
		if k.Example != "" {
			fmt.Fprintf(b, "    %s\n\n", k.Example)
		}
	}
}

// meaning is what a reader is told of a class.
var meaning = map[Class]string{
	Silent: "another answer", Lost: "an internal error", Answered: "answered, where PostgreSQL refuses", Refused: "refused, where PostgreSQL answers",
	Code: "another SQLSTATE", Message: "another message", Digits: "the last digits",
}

func classes(k Known) string {
	names := make([]string, len(k.Classes))
	for i, c := range k.Classes {
		names[i] = meaning[c]
	}
	return strings.Join(names, ", or ")
}

// analytical lists the cases of integration/analytics that are meant to differ.
func analytical(b *strings.Builder, root string) error {
	files, err := analytics.Load(filepath.Join(root, "integration/analytics/testdata/*.sql"))
	if err != nil {
		return err
	}
	b.WriteString("## Analytical statements\n\nFrom integration/analytics.\n\n")
	for _, f := range files {
		for _, c := range f.Cases {
			if c.Difference == "" {
				continue
			}
			outcome := "SQLSTATE " + c.EventgresError
			if c.EventgresError == "none" {
				outcome = "other rows"
			}
			fmt.Fprintf(b, "- %s: %s (%s).\n\n%s\n\n", c.Name, c.Difference, outcome, code(c.SQL))
		}
	}
	return nil
}

// scripted lists those of integration/compare, and what has no counterpart.
func scripted(b *strings.Builder, root string) error {
	paths, err := filepath.Glob(filepath.Join(root, "integration/compare/testdata/*.txt"))
	if err != nil {
		return err
	}
	var differ, words, own []string
	for _, path := range paths {
		script, err := compare.Load(path)
		if err != nil {
			return err
		}
		for _, c := range script.Cases {
			if c.EventgresOnly != "" {
				own = append(own, fmt.Sprintf("- %s: %s.\n", c.Name, c.EventgresOnly))
			}
			for _, s := range c.Steps {
				switch {
				case s.Difference != "":
					differ = append(differ, fmt.Sprintf("- %s: %s.\n\n%s\n\n", c.Name, s.Difference, code(s.SQL)))
				case s.MessageDiffers != "":
					words = append(words, fmt.Sprintf("- %s: %s.\n\n%s\n\n", c.Name, s.MessageDiffers, code(s.SQL)))
				}
			}
		}
	}
	b.WriteString("## Appends, reads, sessions\n\nFrom integration/compare.\n\n" + strings.Join(differ, ""))
	b.WriteString("## The same SQLSTATE, another message\n\n" + strings.Join(words, ""))
	b.WriteString("## What PostgreSQL does not have\n\n" + strings.Join(own, ""))
	return nil
}

// messageDB lists what integration/messagedb has as meant to differ.
func messageDB(b *strings.Builder) {
	b.WriteString("\n## Message DB's interface\n\nFrom integration/messagedb, which asks [Message DB](message-db.md) in PostgreSQL the same.\n\n")
	for _, d := range messagedb.Accepted {
		outcome := "other rows"
		switch {
		case d.Code != "":
			outcome = "SQLSTATE " + d.Code
		case d.Answered:
			outcome = "answered, where Message DB refuses"
		}
		fmt.Fprintf(b, "- %s: %s (%s).\n\n%s\n\n", d.Name, d.Reason, outcome, code(strings.Join(d.SQL, ";\n")))
	}
}

// code is a block of code in an item of a list.
func code(sql string) string {
	const shown = 600 // bytes; a statement is an example, not a listing
	if len(sql) > shown {
		sql = strings.ToValidUTF8(sql[:shown], "") + " …"
	}
	return "      " + strings.ReplaceAll(strings.TrimSpace(sql), "\n", "\n      ")
}
