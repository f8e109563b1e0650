package query

import (
	"runtime"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/pgwire"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/syntax"
)

// TestStatementSize: a statement that is kept, with its plan, takes no more than three times what is counted for it.
func TestStatementSize(t *testing.T) {
	const n = 50_000
	for _, c := range lists {
		src := c.head + strings.Repeat(c.item+c.separator, n-1) + c.item + c.tail
		if c.name == "parentheses" || strings.Contains(c.name, "quoted names") {
			continue
		}
		for _, size := range []int{n, 1500, 90} { // one of them within the bounds of each
			src = c.head + strings.Repeat(c.item+c.separator, size-1) + c.item + c.tail
			list, plans, counted := []*syntax.Parsed(nil), []pgwire.Statement(nil), int64(0)
			took := heapGrowth(func() {
				var err error
				text := strings.Clone(src)
				if list, err = syntax.Parse(text); err != nil {
					list = nil
					return
				}
				for _, p := range list {
					counted += p.Size()
					switch st := p.Statement.(type) {
					case *syntax.InsertStmt:
						if made, err := new(Session).prepareInsert(&expr.Compiler{Src: p.Src}, st); err == nil {
							plans = append(plans, made)
						}
					case *syntax.SelectStmt:
						if made, err := new(Session).prepareSelect(&expr.Compiler{Src: p.Src}, st); err == nil {
							plans = append(plans, made)
						}
					}
				}
			})
			if list == nil {
				continue
			}
			if took > 3*counted+64<<10 {
				t.Errorf("%s, %d elements: %d bytes, counted %d", c.name, size, took, counted)
			}

			runtime.KeepAlive(plans)
			runtime.KeepAlive(list)
			break
		}
	}
}

func heapGrowth(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}
