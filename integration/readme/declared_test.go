package readme

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is a file of Go, parsed, by its path from the repository's root.
type source struct {
	name string
	fset *token.FileSet
	*ast.File
}

func (s *source) at(pos token.Pos) string {
	return s.name + ":" + strconv.Itoa(s.fset.Position(pos).Line)
}

var parsed = sync.OnceValues(func() (files []*source, err error) {
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	for _, top := range []string{"cmd", "engine", "pgwire", "query"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			files = append(files, &source{filepath.ToSlash(name), fset, file})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
})

// sources are the program's files, without tests.
func sources(t *testing.T) []*source {
	t.Helper()
	files, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// text is a literal's; empty if it is no text.
func text(x ast.Expr) string {
	if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}

// TestCodes: a SQLSTATE is written in pgwire/pgerror/codes.go alone, under a name that something reads.
func TestCodes(t *testing.T) {
	const codes = "pgwire/pgerror/codes.go"
	named := map[string]string{}
	for _, file := range sources(t) {
		if file.name != codes {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				value := text(spec.Values[0])
				if len(value) != 5 || named[value] != "" {
					t.Errorf("%s: %s is %q", file.at(n.Pos()), spec.Names[0].Name, value)
				}
				named[value] = spec.Names[0].Name
			}
			return true
		})
	}
	if len(named) < 100 {
		t.Fatalf("%d codes are declared", len(named))
	}
	read := map[string]bool{}
	for _, file := range sources(t) {
		if file.name == codes {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "pgerror" {
					read[n.Sel.Name] = true
				}
			case *ast.BasicLit:
				if name := named[text(n)]; name != "" {
					t.Errorf("%s: %s is pgerror.%s", file.at(n.Pos()), n.Value, name)
				}
			case *ast.CallExpr:
				if callee, ok := n.Fun.(*ast.SelectorExpr); ok && (callee.Sel.Name == "Errorf" || callee.Sel.Name == "WithCode") && len(n.Args) > 0 {
					if code := text(n.Args[0]); len(code) == 5 && !strings.Contains(code, "%") {
						t.Errorf("%s: SQLSTATE %s has no name", file.at(n.Pos()), code)
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" && len(text(n.Value)) == 5 {
					t.Errorf("%s: SQLSTATE %s has no name", file.at(n.Pos()), text(n.Value))
				}
			}
			return true
		})
	}
	for code, name := range named {
		if !read[name] {
			t.Errorf("nothing reads pgerror.%s, which is %s", name, code)
		}
	}
}

// TestOIDs: a type's or an object's OID has one name.
func TestOIDs(t *testing.T) {
	declared := map[string]string{}
	for _, file := range sources(t) {
		ast.Inspect(file.File, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			for i := 0; ok && i < min(len(spec.Names), len(spec.Values)); i++ {
				lit, number := spec.Values[i].(*ast.BasicLit)
				if name := spec.Names[i].Name; number && lit.Kind == token.INT && strings.HasPrefix(strings.ToLower(name), "oid") {
					if before := declared[lit.Value]; before != "" {
						t.Errorf("%s: %s is declared before: %s", file.at(spec.Pos()), name, before)
					}
					declared[lit.Value] = name + " (" + file.at(spec.Pos()) + ")"
				}
			}
			return true
		})
	}
	if len(declared) < 50 {
		t.Errorf("%d OIDs are declared", len(declared))
	}
}

// foreign are names that are not the field's, with those that are.
var foreign = map[string]string{
	"beyond": "unsupported", "hostile": "too complex", "planted": "failpoint", "front": "server", "turnstile": "fairness", "wasteful": "reads the whole log",
	"few": "so many", "outline": "header only", "unwrite": "undo", "settle": "resolve, release, complete: what is meant",
}

// TestNames: nothing is called by a name that is not the field's.
func TestNames(t *testing.T) {
	for _, file := range sources(t) {
		if strings.HasPrefix(file.name, "cmd/") {
			continue // where a shop's orders are settled
		}
		name := func(id *ast.Ident) {
			if better := foreign[strings.ToLower(id.Name)]; better != "" {
				t.Errorf("%s: %s: %s", file.at(id.Pos()), id.Name, better)
			}
		}
		if better := foreign[strings.TrimSuffix(filepath.Base(file.name), ".go")]; better != "" {
			t.Errorf("%s: %s", file.name, better)
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				name(n.Name)
			case *ast.TypeSpec:
				name(n.Name)
			case *ast.StructType:
				for _, f := range n.Fields.List {
					for _, id := range f.Names {
						name(id)
					}
				}
			}
			return true
		})
	}
}

// maxLines is how long a function may be.
const maxLines = 70

// tables are functions that are longer since each is a table: of functions that are registered, or of what is done for each kind of
// a thing, with nothing around it.
var tables = map[string]string{
	"query/analytics/worker.arrayFunctions":   "registrations",
	"query/analytics/worker.bitFunctions":     "registrations",
	"query/analytics/worker.catalogFunctions": "registrations",
	"query/analytics/worker.formatFunctions":  "registrations",
	"query/analytics/worker.jsonFunctions":    "registrations",
	"query/analytics/worker.numberFunctions":  "registrations",
	"query/analytics/worker.patternFunctions": "registrations",
	"query/analytics/worker.textFunctions":    "registrations",
	"query/analytics/worker.timeFunctions":    "registrations",
	"pgwire/pgvalue.ParseBinary":              "each type's binary form",
	"query/analytics/pgfn.charTime.number":    "each pattern of to_char",
	"query/analytics/pgfn.pathExecutor.item":  "each kind of item of a path",
	"query/analytics/pgfn.pathLexer.next":     "each token of a path",
	"query/analytics/translate.parseLiteral":  "each type's literal",
	"query/analytics/translate.figureName":    "each kind of expression",
}

// TestLength: a function fits a screen, unless it is a table.
func TestLength(t *testing.T) {
	long := map[string]bool{}
	for _, file := range sources(t) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := filepath.ToSlash(filepath.Dir(file.name)) + "."
			if f.Recv != nil {
				of := f.Recv.List[0].Type
				if star, ok := of.(*ast.StarExpr); ok {
					of = star.X
				}
				if id, ok := of.(*ast.Ident); ok && id.Name != "compiler" {
					name += id.Name + "."
				}
			}
			name += f.Name.Name
			lines := file.fset.Position(f.End()).Line - file.fset.Position(f.Pos()).Line + 1
			if lines <= maxLines {
				continue
			}
			if long[name] = true; tables[name] == "" {
				t.Errorf("%s: %s has %d lines", file.at(f.Pos()), name, lines)
			}
		}
	}
	for name := range tables {
		if !long[name] {
			t.Errorf("%s is not long, or not there", name)
		}
	}
}

// maxFile is how long a file may be that nobody generated.
const maxFile = 700

// longer are files that are longer, of one noun all the same.
var longer = map[string]int{"query/analytics/translate/aggregate.go": 800, "query/analytics/translate/select.go": 850}

// TestFileLength: a file has one noun. One that grows beyond this has two.
func TestFileLength(t *testing.T) {
	for _, file := range sources(t) {
		if lines := file.fset.Position(file.FileEnd).Line; lines > max(maxFile, longer[file.name]) && !ast.IsGenerated(file.File) && !strings.HasSuffix(file.name, "_gen.go") {
			t.Errorf("%s has %d lines", file.name, lines)
		}
	}
}
