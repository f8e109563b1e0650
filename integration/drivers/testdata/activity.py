# pg_activity in a terminal: its views of running, waiting and blocking sessions, its keys, a cancelled
# and a terminated session. Prints what the screen showed, in order.
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time


class Screen:
    """A program in a terminal; text is what it has written since the last key."""

    def __init__(self, *argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 220, 0, 0))
        self.text, self.ended = "", False

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.ended = not data
        self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x0e\x0f]", " ", data.decode("utf-8", "replace"))

    def press(self, keys):
        self.text = ""
        os.write(self.fd, keys.encode())

    def await_(self, what, pattern):
        late = time.monotonic() + 30
        while not re.search(pattern, self.text):
            if self.ended or time.monotonic() > late:
                sys.exit(f"{what}: not shown\n{self.text[-3000:]}")
            self.read(0.5)
        print(what, flush=True)


def psql(*statements):
    process = subprocess.Popen(["psql", "-XAtq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for statement in statements:
        process.stdin.write(statement + ";\n")
    process.stdin.flush()
    return process


def ask(sql):
    return subprocess.run(["psql", "-XAtqc", sql], capture_output=True, text=True).stdout.strip()


def until(sql, want):
    late = time.monotonic() + 30
    while ask(sql) != want:
        if time.monotonic() > late:
            sys.exit(f"{sql}: not {want}")


holder = psql("INSERT INTO events (stream, type) VALUES ('a', 'A')", "BEGIN", "SELECT pg_advisory_lock(77)")
until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "1")
waiter = psql("SELECT 'is_waiting', pg_advisory_lock(77)")
until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "2")
runner = psql("SELECT 'is_running', pg_sleep(300)")
until("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%is_running%' AND pid <> pg_backend_pid()", "1")

top = Screen("pg_activity", "-h", os.environ["PGHOST"], "-p", os.environ["PGPORT"], "-U", os.environ["PGUSER"], "-d", os.environ["PGDATABASE"], *sys.argv[1:])
top.await_("running", "RUNNING QUERIES(?s:.*)is_running")
top.await_("server", "PostgreSQL 15")
top.press("2")
top.await_("waiting", "WAITING QUERIES(?s:.*)is_waiting")
top.press("3")
top.await_("blocking", "BLOCKING QUERIES")  # by locks of tables and rows, which nobody waits for here
top.press("1")
top.await_("running again", "RUNNING QUERIES(?s:.*)is_running")
for key, pattern in (("T", "transaction"), ("T", "backend"), ("T", "query"), ("v", "is_running"), ("v", "is_running"), ("+", r"Ref\.:\s+3s"), ("-", r"Ref\.:\s+2s"),
        ("t", "is_running"), ("i", "is_running"), ("o", "is_running"), ("D", "is_running"), ("R", "is_running"), ("h", "Press any key"), ("x", "RUNNING QUERIES")):
    top.press(key)
    top.await_("key " + key, pattern)
for _ in range(3):  # one of the three is cancelled
    top.press("\x1b[B")
    top.await_("chosen", "Cancel current query")
top.press("C")
top.await_("asked", r"Confirm\s+cancel")
top.press("y")
top.await_("cancelled", r"(?i)cancelled")
top.press("q")
while not top.ended:
    top.read(1)
print("ended", os.waitstatus_to_exitcode(os.waitpid(top.pid, 0)[1]))
pid = ask("SELECT pid FROM pg_stat_activity WHERE query LIKE '%is_running%' AND pid <> pg_backend_pid()")
print(ask(f"SELECT pg_cancel_backend({pid})"), runner.stdout.readline().strip())
for process in (holder, waiter, runner):
    process.kill()
