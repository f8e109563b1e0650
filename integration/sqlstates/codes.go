package sqlstates

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A code is a SQLSTATE as pgwire/pgerror declares it.
type code struct {
	state string
	name  string // of Go's constant
	class string // "Class 22: data exception", where it is the first of one
}

// condition is PostgreSQL's name of a code, which that of the constant follows.
func (c code) condition() string {
	words := regexp.MustCompile(`SQL|JSON|IO|[A-Z][a-z]*`).FindAllString(c.name, -1)
	return strings.ToLower(strings.Join(words, "_"))
}

// declared are the codes, in their order. root is the module's directory.
func declared(root string) (codes []code, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "pgwire/pgerror/codes.go"), nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || err != nil {
			return err == nil
		}
		c := code{name: spec.Names[0].Name}
		c.class = strings.TrimSuffix(strings.TrimSpace(spec.Doc.Text()), ".")
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			err = fmt.Errorf("%s is no literal", c.name)
			return false
		}
		c.state, err = strconv.Unquote(lit.Value)
		codes = append(codes, c)
		return true
	})
	return codes, err
}
