package introspection

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// Debian's drivers belong to Debian's Python, not to whichever comes first in PATH.
const debianPython = "/usr/bin/python3"

// pgjdbc's place in Debian.
const jdbcJar = "/usr/share/java/postgresql.jar"

// TestPsql gives psql each line of psql.commands.
func TestPsql(t *testing.T) {
	ways := map[string]string{"~": "columns", ">": "contains"}
	commands, how := []string{}, map[string]string{}
	text, err := os.ReadFile("testdata/programs/psql.commands")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		mark, command, found := strings.Cut(line, " ")
		if way := ways[mark]; found && way != "" {
			how[command] = way
		} else {
			command = line
		}
		commands = append(commands, command)
	}
	var script strings.Builder
	for _, command := range commands {
		fmt.Fprintf(&script, "\\echo '== %s'\n%s\n", strings.ReplaceAll(command, `\`, `\\`), command)
	}
	// What psql complains of belongs under the command it complains of.
	p := program{argv: []string{"sh", "-c", `exec "$0" -X -A 2>&1`, harness.Need(t, "psql")}, stdin: script.String()}
	p.compareSections(t, func(heading string) string { return how[heading] })
}

// TestPgjdbcMetadata calls every method of java.sql.DatabaseMetaData.
func TestPgjdbcMetadata(t *testing.T) {
	java := harness.Need(t, "java")
	if _, err := os.Stat(jdbcJar); err != nil {
		harness.Missing(t, err)
	}
	// These list the system's own relations, types and functions.
	long := []string{"getTypeInfo(", "getTables(null, null, ", "getTables(null, %, ", "getTables(null, , "}
	p := program{argv: []string{
		java,
		// A small heap and one collector thread: there may be few cores, and others want them.
		"-Xmx128m", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-cp", jdbcJar, "testdata/programs/Metadata.java",
	}}
	p.compareSections(t, func(heading string) string {
		switch {
		case heading == "getDatabaseMinorVersion()":
			return "own"
		case strings.HasPrefix(heading, "getIndexInfo(null, pg_catalog,"): // what ANALYZE counted
			return "own"
		}
		for _, prefix := range long {
			if strings.HasPrefix(heading, prefix) {
				return "contains"
			}
		}
		return "all"
	})
}

// TestPythonReflection has SQLAlchemy reflect the database and psycopg look up types.
func TestPythonReflection(t *testing.T) {
	python := harness.Need(t, debianPython)
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import psycopg, psycopg2, sqlalchemy").CombinedOutput(); err != nil {
		harness.Missing(t, fmt.Errorf("%w: %s", err, out))
	}
	p := program{argv: []string{python, "testdata/programs/reflect.py"}}
	p.compareSections(t, func(heading string) string {
		// What SQLAlchemy asks for constraints by says nothing of an order.
		if strings.HasPrefix(heading, "get_unique_constraints ") || strings.HasPrefix(heading, "CREATE TABLE ") {
			return "rows"
		}
		return "all"
	})
}
