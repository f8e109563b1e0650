package vfs_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// promises are the functions that each system has of its own, in the order of the columns of the
// package comment's table.
var promises = []string{"syncData", "syncDir", "rename", "lockFile", "reserve"}

var platformRow = regexp.MustCompile(`(?m)^//\t(linux|darwin|freebsd|windows)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)$`)

// TestPlatforms: on each system that the package comment names, what it says keeps a promise is
// what the code of that system calls for it, and every promise has one function.
func TestPlatforms(t *testing.T) {
	comment, err := os.ReadFile("vfs.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := platformRow.FindAllStringSubmatch(string(comment), -1)
	if len(rows) != 4 {
		t.Fatalf("the package comment has %d systems", len(rows))
	}
	for _, row := range rows {
		for _, arch := range []string{"amd64", "arm64"} {
			functions := platformFunctions(t, row[1], arch)
			for i, name := range promises {
				by := row[2+i]
				if functions[name] == nil {
					t.Errorf("%s/%s has no %s", row[1], arch, name)
					continue
				}
				calls := map[string]bool{}
				called(functions, name, calls)
				if by == "nothing" {
					if len(calls) > 0 {
						t.Errorf("%s: %s is said to do nothing, and uses %v", row[1], name, calls)
					}
				} else if !calls[plain(by)] {
					t.Errorf("%s: %s does not use %s, but %v", row[1], name, by, calls)
				}
			}
		}
	}
}

// platformFunctions are the package's functions as they are compiled for a system.
func platformFunctions(t *testing.T, goos, arch string) map[string]*ast.FuncDecl {
	t.Helper()
	context := build.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = goos, arch, false
	pkg, err := context.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]*ast.FuncDecl{}
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				functions[f.Name.Name] = f
			}
		}
	}
	return functions
}

// called collects what a function takes from other packages, also through others of this one.
func called(functions map[string]*ast.FuncDecl, name string, into map[string]bool) {
	ast.Inspect(functions[name].Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			into[plain(n.Sel.Name)] = true
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && functions[f.Name] != nil && f.Name != name {
				called(functions, f.Name, into)
			}
		}
		return true
	})
}

// plain is a call's name, however Go writes it.
func plain(name string) string {
	name = strings.TrimPrefix(strings.ToLower(name), "sys_")
	if name == "truncate" { // *os.File's, which is that on Windows
		name = "setendoffile"
	}
	return strings.ReplaceAll(name, "_", "")
}
