package clients

import (
	"testing"

	"github.com/eventgres/eventgres/integration/harness"
)

// Debian's drivers belong to Debian's Python, not to whichever comes first in PATH.
const debianPython = "/usr/bin/python3"

// pgjdbc's place in Debian.
const jdbcJar = "/usr/share/java/postgresql.jar"

func TestPsycopg2(t *testing.T) { python(t, "psycopg2") }
func TestPsycopg3(t *testing.T) { python(t, "psycopg") }

func python(t *testing.T, module string) {
	interpreter := harness.Need(t, debianPython)
	needs(t, interpreter, "-c", "import "+module)
	name := map[string]string{"psycopg2": "psycopg2_client", "psycopg": "psycopg3_client"}[module]
	client := program{dir: "testdata/python", argv: []string{interpreter, name + ".py"}}
	client.script(t, newTarget(t), "testdata/python/"+name+".want")
}

func TestNodePostgres(t *testing.T) {
	node := harness.Need(t, "node")
	needFile(t, "testdata/node/node_modules/pg-cursor", "run install.sh")
	client := program{dir: "testdata/node", argv: []string{node, "client.js"}}
	client.script(t, newTarget(t), "testdata/node/client.want")
}

func TestPgjdbc(t *testing.T) {
	java := harness.Need(t, "java")
	needFile(t, jdbcJar, "install libpostgresql-jdbc-java")
	client := program{
		dir: "testdata/java",
		// A small heap and one collector thread: there may be few cores, and others want them.
		argv: []string{java, "-Xmx96m", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-cp", jdbcJar, "JdbcClient.java"},
	}
	client.script(t, newTarget(t), "testdata/java/JdbcClient.want")
}
