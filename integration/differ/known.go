package differ

import (
	"regexp"
	"slices"
)

// A Known difference is one that is meant, or that is known and waits. What it declares
// fails no run; docs/differences.md tells of it.
type Known struct {
	Name       string
	Classes    []Class
	Generators []string // "" any
	What       string   // a pattern of the verdict's words; "" any
	SQL        string   // a pattern of the shrunk statement, as it is shown; "" any
	Reason     string
	Example    string // a statement that shows it
}

// known is the list. An entry's patterns are as narrow as its reason.
var known = []Known{
	{
		Name:    "another error",
		Classes: []Class{Code, Message},
		Reason:  "Both refuse. Which of several mistakes is told first, and in which words, is not PostgreSQL's in every case.",
		Example: `SELECT '{{1},{2,3}}'::int4[] || 'x'`,
	},
	{
		Name:    "the last digits of floats",
		Classes: []Class{Digits},
		Reason:  "Sums and deviations of float8 are added in another order, so the digits behind the twelfth can differ, as they can between two plans of PostgreSQL's.",
		Example: `SELECT stddev(x) FROM (VALUES (0.1::float8), (0.2), (0.4)) v(x)`,
	},
	{
		Name:    "what Eventgres says it does not have",
		Classes: []Class{Refused},
		What:    `^0A000 `,
		Reason:  "A clear refusal, not another answer: types, functions and forms that an event store's reports do not use so far. The message names what.",
		Example: `SELECT point '(1,2)'`,
	},
	{
		Name:    "functions and operators that do not exist",
		Classes: []Class{Refused},
		What:    `^42883 (function|operator does not exist:) `,
		Reason:  "PostgreSQL has some 3,000 functions in pg_proc, many of them behind operators and index methods. One that Eventgres lacks is answered as PostgreSQL answers for one that it lacks.",
		Example: `SELECT int4inc(1)`,
	},
	{
		Name:    "a literal of unknown type that several functions take",
		Classes: []Class{Answered},
		What:    `^(42725|42P18|42804 could not determine polymorphic type)`,
		Reason:  "Where PostgreSQL finds a call ambiguous, or an argument's type undetermined, Eventgres takes text or the type's preferred function. Every such statement is an error in PostgreSQL, so none means something else.",
		Example: `SELECT isfinite('2024-01-01')`,
	},
	{
		Name:    "a view that two sessions change at a time",
		Classes: []Class{Refused},
		What:    `^(40001|42P01 relation "…" does not exist)`,
		SQL:     `CREATE OR REPLACE VIEW`,
		Reason:  "PostgreSQL has the second wait for the first. Here none waits: who commits second, and has changed the same view, or uses what the other has changed or dropped, is told to retry, and until then has no view. Others do not hear of one another.",
		Example: `CREATE OR REPLACE VIEW v AS SELECT 1`,
	},
	{
		Name:    "which of equal values stays",
		Classes: []Class{Silent},
		What:    `^how equal values look$`,
		SQL:     `(?i)\b(distinct|union|intersect|except|group by|max\(|min\(|mode|greatest|least|limit|offset|fetch|percentile_disc|over|order by|within group)`,
		Reason:  "1.50 and 1.5 are equal, and so are 1 mon and 30 days, 0 and -0. Where one of several stands for all, PostgreSQL shows the one that its plan met first, or last, which changes with the plan; Eventgres may show another, and 0 for a -0 that it has sorted by.",
		Example: `SELECT DISTINCT x FROM (VALUES (1.5), (1.50)) v(x)`,
	},
	{
		Name:       "errors in expressions that no row reaches",
		Classes:    []Class{Answered, Refused},
		Generators: []string{"queries"},
		What:       `^(22...|0A000|21000|42804 cannot compare|42883 could not identify an equality operator for type json$)`,
		Reason:     "PostgreSQL computes constants while it plans, and everything else in an order that it does not promise; an error of a value is told where it is computed. Eventgres computes when rows ask for it, and may compute what PostgreSQL's plan leaves out, such as a row that is compared with itself.",
		Example:    `SELECT round('NaN'::numeric)::int4 FROM (VALUES (1)) v(a) WHERE false`,
	},
}

// declared is everything that fails no run.
var declared = append(slices.Clip(known), waiting...)

// knownAs is the first entry that declares the finding; nil if none does.
func knownAs(f *Finding) *Known {
	for _, k := range declared {
		if slices.Contains(k.Classes, f.Class) && (len(k.Generators) == 0 || slices.Contains(k.Generators, f.Generator)) && matches(k.What, f.What) && matches(k.SQL, f.Statement.Show()) {
			return &k
		}
	}
	return nil
}

func matches(pattern, text string) bool {
	return pattern == "" || regexp.MustCompile(pattern).MatchString(text)
}
