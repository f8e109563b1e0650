"""Presses Tab twice behind what one begins to type to psql, on a terminal."""

import os
import pty
import select
import tempfile
import time

BEGINNINGS = (
    "SELECT * FROM ", "SELECT * FROM e", "SELECT * FROM pg_cl", "SELECT * FROM public.", "SELECT * FROM events WHERE ", "INSERT INTO ",
    "INSERT INTO events (", "UPDATE ", "DELETE FROM ", "TABLE ", "COPY ", "TRUNCATE ", "LOCK TABLE ", "EXPLAIN SELECT * FROM ", "ANALYZE ",
    "VACUUM ", "REINDEX TABLE ", "REINDEX INDEX ", "CLUSTER ", "COMMENT ON TABLE ", "COMMENT ON COLUMN ", "COMMENT ON VIEW ", "ALTER TABLE ",
    "ALTER TABLE events DROP CONSTRAINT ", "ALTER VIEW ", "ALTER INDEX ", "ALTER SCHEMA ", "ALTER ROLE ", "ALTER DATABASE ", "DROP TABLE ",
    "DROP VIEW ", "DROP FUNCTION ", "DROP SCHEMA ", "DROP INDEX ", "DROP ROLE ", "DROP EXTENSION ", "GRANT SELECT ON ", "REVOKE ALL ON ",
    "SET ", "SHOW ", "RESET ", "SET timezone TO ", "SET ROLE ", "REFRESH MATERIALIZED VIEW ", "CREATE VIEW x AS SELECT * FROM ",
    "CREATE INDEX ON ", "CREATE EXTENSION ", "DROP TYPE ", "DROP DOMAIN ", "DROP SEQUENCE ", "\\d ", "\\d+ e", "\\dt ", "\\dv ", "\\di ", "\\df ",
    "\\dT ", "\\dn ", "\\du ", "\\sv ", "\\sf ", "\\c ", "\\l ", "\\dx ", "\\h ", "\\encoding ",
)

# Readline shall not ask whether to show many, nor page through them.
with tempfile.NamedTemporaryFile("w", suffix=".inputrc", delete=False) as f:
    f.write("set completion-query-items 0\nset page-completions off\nset enable-bracketed-paste off\n")

pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", INPUTRC=f.name, PAGER="cat", HOME="/nonexistent")
    os.execvp("psql", ["psql", "-X", "-v", "PROMPT1=ready> ", "-v", "PROMPT2=more> "])


def read(mark):
    """Reads until psql has written mark and its prompt, which says that the terminal is readline's; for ten seconds at most."""
    seen, end = b"", time.monotonic() + 10
    while b"ready> " not in seen[seen.find(mark):] * (mark in seen) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                return


read(b"")
for n, beginning in enumerate(BEGINNINGS):
    # ^E ^U empties the line; what \echo prints tells that psql is at its prompt again.
    os.write(terminal, beginning.encode() + b"\t\t\x05\x15\\echo done" + str(n).encode() + b"''x\r")
    read(f"done{n}x".encode())
os.write(terminal, b"\\q\r")
os.waitpid(pid, 0)
os.unlink(f.name)
