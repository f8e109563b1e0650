package differ

// waiting are differences that are known and not meant: each is to be mended or refused,
// and its entry goes with it. A run that says "-declared" shows what still matches.
var waiting = []Known{
	{
		Name: "what PostgreSQL refuses while it looks names up", Classes: []Class{Answered}, What: `^(42P10|42P01|42803|42883|42601|42602|42846|42804|22023 unrecognized privilege|42704|3F000|3D000)`,
		Reason:  "Checks that Eventgres does not make: privileges of roles and objects that are not there, columns of an outer query that it does not group by.",
		Example: `SELECT has_type_privilege('nope', 'usage')`,
	},
	{
		Name: "functions about a server's objects", Classes: []Class{Silent, Answered, Refused}, SQL: `\b(has_\w+|pg_(?:[abd-z]\w*|c[^a]\w*)|obj_description|col_description|current_schemas|to_reg\w+)\(`,
		Reason:  "Roles, descriptions and visibility of objects that are not there are answered leniently.",
		Example: `SELECT has_type_privilege(0, 'usage')`,
	},
	{
		Name: "arguments out of range that DuckDB refuses", Classes: []Class{Refused}, What: `^22003 value out of range|^22P02|^22021|^22023|^42803|^42P01|^22012|^22004|^22003|^42846`, SQL: `\b(asin|acos|time|exp|power|json|regexp|timetz|jsonb|oid|numeric|float8)\b|group by`,
		Reason:  "The engine's own words, or its own limits, stand where PostgreSQL has others.",
		Example: `SELECT q.a, (SELECT max(q.b)) FROM (VALUES (1, 2)) q(a, b) GROUP BY q.a`,
	},
	{
		Name: "a month beside 30 days in a subquery that refers to them", Classes: []Class{Silent}, What: `^(how equal values look|rows)$`, SQL: `(?is)interval.*(\(select|lateral)|(\(select|lateral).*interval`,
		Reason:  "The engine computes a subquery once for all rows around it whose values in it are equal to it: intervals are, which look and add differently, and so are 0 and -0. It matters where a column has both.",
		Example: `SELECT (SELECT date '2024-02-01' + x) FROM (VALUES (interval '1 mon'), ('30 days')) v(x)`,
	},
}
