package structure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Graph is the files of a package, tests left out, and for each the files of the package whose declarations it uses.
type Graph struct {
	Files []string
	Uses  map[string]map[string][]string // from, to, the names used, sorted
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Export string
	CompiledGoFiles         []string
	DepOnly                 bool
}

// Read type-checks a package, named as go list takes it, and counts the references between its files.
func Read(pattern string) (*Graph, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-compiled", "-json=ImportPath,Dir,Export,CompiledGoFiles,DepOnly", pattern)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var asked *listed
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(listed)
		if err := d.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly {
			asked = p
		}
	}
	if asked == nil {
		return nil, fmt.Errorf("no package %s", pattern)
	}
	return asked.graph(exports)
}

func (p *listed) graph(exports map[string]string) (*Graph, error) {
	fset := token.NewFileSet()
	g := &Graph{Uses: map[string]map[string][]string{}}
	var files []*ast.File
	for _, name := range p.CompiledGoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		g.Files = append(g.Files, filepath.Base(name))
		g.Uses[filepath.Base(name)] = map[string][]string{}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	pkg, err := config.Check(p.ImportPath, fset, files, info)
	if err != nil {
		return nil, err
	}
	for ident, object := range info.Uses {
		if object.Pkg() != pkg || !declared(object, pkg) {
			continue
		}
		from, to := base(fset, ident.Pos()), base(fset, object.Pos())
		if from != to && !slices.Contains(g.Uses[from][to], object.Name()) {
			g.Uses[from][to] = append(g.Uses[from][to], object.Name())
		}
	}
	for _, to := range g.Uses {
		for _, names := range to {
			slices.Sort(names)
		}
	}
	return g, nil
}

// declared tells whether an object is of the package's own: a name at its top, a method or a field.
func declared(object types.Object, pkg *types.Package) bool {
	if object.Parent() == pkg.Scope() {
		return true
	}
	switch o := object.(type) {
	case *types.Var:
		return o.IsField()
	case *types.Func:
		return true
	}
	return false
}

func base(fset *token.FileSet, p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }

// Arrows counts the pairs of files of which the first uses the second.
func (g *Graph) Arrows() int {
	n := 0
	for _, to := range g.Uses {
		n += len(to)
	}
	return n
}

// Pairs are those of files that use each other, as "a b".
func (g *Graph) Pairs() []string {
	var out []string
	for _, a := range g.Files {
		for b := range g.Uses[a] {
			if _, ok := g.Uses[b][a]; ok && a < b {
				out = append(out, a+" "+b)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Knot is the largest set of files each of which reaches every other.
func (g *Graph) Knot() []string {
	reached := map[string]map[string]bool{}
	for _, f := range g.Files {
		reached[f] = map[string]bool{}
		g.reach(f, reached[f])
	}
	var largest []string
	for _, f := range g.Files {
		var knot []string
		for to := range reached[f] {
			if reached[to][f] {
				knot = append(knot, to)
			}
		}
		if len(knot) > len(largest) {
			largest = knot
		}
	}
	slices.Sort(largest)
	return largest
}

func (g *Graph) reach(from string, seen map[string]bool) {
	for to := range g.Uses[from] {
		if !seen[to] {
			seen[to] = true
			g.reach(to, seen)
		}
	}
}

// String is the four numbers, then what each file uses of which other.
func (g *Graph) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "files %d, arrows %d, pairs that use each other %d, files in the largest knot %d\n", len(g.Files), g.Arrows(), len(g.Pairs()), len(g.Knot()))
	for _, from := range g.Files {
		fmt.Fprintf(&b, "\n%s\n", from)
		for _, to := range g.Files {
			if names := g.Uses[from][to]; names != nil {
				fmt.Fprintf(&b, "  %-22s %s\n", to, strings.Join(names, " "))
			}
		}
	}
	return b.String()
}
