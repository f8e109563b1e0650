import java.nio.charset.StandardCharsets;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;

/**
 * pgjdbc: the extended protocol with types of its own, binary after five executions, batches, portals
 * with row limits. One source file, run by {@code java -cp postgresql.jar JdbcClient.java}.
 */
public class JdbcClient {
    static final String APPEND =
        "INSERT INTO events (stream, type, payload, expected_version) VALUES (?, ?, ?::jsonb, ?)";
    static final String RETURNING = APPEND + " RETURNING position, version";
    static final String COLUMNS =
        "position, stream_id, stream, version, event_id, type, payload, metadata, tags, recorded_at";
    static final String[] TAGS = {
        "red", "with,comma", "quote\"d", "brace{}", "back\\slash", "", "NULL", "日本"
    };
    static final int LARGE = 20_000;
    /** Executions after which the driver prepares on the server and goes binary; one more to see it. */
    static final int REPEATS = 10;

    interface Step {
        void run(Connection c) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        try (Connection c = connect("prepareThreshold", "5")) {
            Step[] steps = {
                JdbcClient::append, JdbcClient::conflicts, JdbcClient::eventIds, JdbcClient::badInput,
                JdbcClient::readBack, JdbcClient::allColumns, JdbcClient::nulls, JdbcClient::opaque,
                JdbcClient::repeated, JdbcClient::rollback, JdbcClient::commit, JdbcClient::savepoint,
                JdbcClient::failedBlock, JdbcClient::generatedKeys, JdbcClient::batch,
                JdbcClient::batchConflict, JdbcClient::copy, JdbcClient::fetchSize,
                JdbcClient::repeatableRead,
            };
            for (Step step : steps) {
                step.run(c);
            }
        }
        try (Connection c = connect("reWriteBatchedInserts", "true")) {
            rewrittenBatch(c);
        }
        try (Connection c = connect("preferQueryMode", "simple")) {
            simple(c);
        }
        try (Connection c = connect("autosave", "always")) {
            autosave(c);
        }
        try (Connection c = connect("binaryTransfer", "true", "prepareThreshold", "-1")) {
            binaryAtOnce(c);
        }
    }

    static Connection connect(String... options) throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", System.getenv("PGUSER"));
        p.setProperty("sslmode", "disable");
        for (int i = 0; i < options.length; i += 2) {
            p.setProperty(options[i], options[i + 1]);
        }
        String url = String.format("jdbc:postgresql://%s:%s/%s",
            System.getenv("PGHOST"), System.getenv("PGPORT"), System.getenv("PGDATABASE"));
        Connection c = DriverManager.getConnection(url, p);
        check(c.getMetaData().getDatabaseMajorVersion() == 15, c.getMetaData().getDatabaseProductVersion());
        return c;
    }

    static void say(Object... facts) {
        System.out.println(Arrays.stream(facts).map(String::valueOf).collect(Collectors.joining(" ")));
    }

    static void check(boolean ok, Object what) {
        if (!ok) {
            throw new AssertionError(what);
        }
    }

    static void equal(Object want, Object got) {
        check(want == null ? got == null : want.equals(got), "want " + want + ", got " + got);
    }

    static String versions(List<Long> versions) {
        return "versions=" + versions.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** Appends one event and returns its version. */
    static long append(PreparedStatement s, String stream, String type, String payload, Long expected)
            throws SQLException {
        s.setString(1, stream);
        s.setString(2, type);
        s.setString(3, payload);
        s.setObject(4, expected, Types.BIGINT);
        try (ResultSet rows = s.executeQuery()) {
            check(rows.next() && rows.getLong("position") >= 0, "no position");
            return rows.getLong("version");
        }
    }

    static long append(Connection c, String stream, String type, Long expected) throws SQLException {
        try (PreparedStatement s = c.prepareStatement(RETURNING)) {
            return append(s, stream, type, "{}", expected);
        }
    }

    static long count(Connection c, String stream) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("SELECT count(*) FROM events WHERE stream = ?")) {
            s.setString(1, stream);
            ResultSet rows = s.executeQuery();
            rows.next();
            return rows.getLong(1);
        }
    }

    static String refused(Step step, Connection c) throws Exception {
        try {
            step.run(c);
        } catch (PSQLException e) {
            String constraint = e.getServerErrorMessage().getConstraint();
            return e.getSQLState() + (constraint == null ? "" : " " + constraint);
        }
        throw new AssertionError("accepted");
    }

    static String refused(Connection c, String sql) throws Exception {
        return refused(x -> x.createStatement().execute(sql), c);
    }

    static void append(Connection c) throws Exception {
        say("append version=" + append(c, "jdbc-order", "Placed", -1L));
        String many = "INSERT INTO events (stream, type, payload, expected_version) VALUES"
            + " (?, 'Paid', '{\"a\": 1}', 0), (?, 'Paid', '{\"a\": 1}', 0), (?, 'Paid', '{\"a\": 1}', 0)"
            + " RETURNING position, version";
        try (PreparedStatement s = c.prepareStatement(many)) {
            for (int i = 1; i <= 3; i++) {
                s.setString(i, "jdbc-order");
            }
            ResultSet rows = s.executeQuery();
            List<Long> versions = new ArrayList<>();
            for (long first = -1; rows.next();) {
                first = first < 0 ? rows.getLong(1) : first;
                equal(first + versions.size(), rows.getLong(1));
                versions.add(rows.getLong(2));
            }
            say("append-many", versions(versions));
        }
    }

    static void conflicts(Connection c) throws Exception {
        say("conflict", refused(x -> append(x, "jdbc-order", "Late", 0L), c));
        say("conflict-new", refused(x -> append(x, "jdbc-order", "Late", -1L), c));
        say("version-taken", refused(c,
            "INSERT INTO events (stream, type, payload, version) VALUES ('jdbc-order', 'Late', '{}', 2)"));
    }

    static int appendWithId(Connection c, UUID id, String tail) throws SQLException {
        String sql = "INSERT INTO events (event_id, stream, type, payload) VALUES (?, 'jdbc-ids', 'Once', '{}')";
        try (PreparedStatement s = c.prepareStatement(sql + tail)) {
            s.setObject(1, id);
            return s.executeUpdate();
        }
    }

    static void eventIds(Connection c) throws Exception {
        UUID id = UUID.randomUUID();
        equal(1, appendWithId(c, id, ""));
        say("event-id-used", refused(x -> appendWithId(x, id, ""), c));
        say("event-id-again rows=" + appendWithId(c, id, " ON CONFLICT (event_id) DO NOTHING"));
        try (PreparedStatement s = c.prepareStatement("SELECT version FROM events WHERE event_id = ?")) {
            s.setObject(1, id);
            ResultSet rows = s.executeQuery();
            check(rows.next() && rows.getLong(1) == 0 && !rows.next(), "by event id");
        }
    }

    static void badInput(Connection c) throws Exception {
        try (PreparedStatement s = c.prepareStatement(RETURNING)) {
            say("bad-json", refused(x -> append(s, "jdbc-bad", "Bad", "{\"a\":", -1L), c));
            say("null-type", refused(x -> append(s, "jdbc-bad", null, "{}", -1L), c));
        }
        say("unknown-column", refused(c, "SELECT colour FROM events"));
        say("unknown-relation", refused(c, "SELECT * FROM event"));
        say("syntax", refused(c, "SELEC 1"));
        say("bad-stored count=" + count(c, "jdbc-bad"));
    }

    static void readBack(Connection c) throws Exception {
        String read = "SELECT version, type FROM events WHERE stream = ? ORDER BY version";
        List<Long> versions = new ArrayList<>();
        List<String> types = new ArrayList<>();
        try (PreparedStatement s = c.prepareStatement(read)) {
            s.setString(1, "jdbc-order");
            for (ResultSet rows = s.executeQuery(); rows.next();) {
                versions.add(rows.getLong(1));
                types.add(rows.getString(2));
            }
        }
        say("read", versions(versions), "types=" + String.join(",", types));
        say("read-back", versions(some(c, read + " DESC LIMIT ?")));
        say("read-from", versions(
            some(c, "SELECT version FROM events WHERE stream = ? AND version >= ? ORDER BY version")));
    }

    static List<Long> some(Connection c, String sql) throws SQLException {
        try (PreparedStatement s = c.prepareStatement(sql)) {
            s.setString(1, "jdbc-order");
            s.setInt(2, 2);
            List<Long> versions = new ArrayList<>();
            for (ResultSet rows = s.executeQuery(); rows.next();) {
                versions.add(rows.getLong(1));
            }
            return versions;
        }
    }

    static void allColumns(Connection c) throws Exception {
        String stream = "jdbc-größe-⚙😀";
        UUID id = UUID.randomUUID();
        String sql = "INSERT INTO events (event_id, stream, type, payload, metadata, tags)"
            + " VALUES (?, ?, ?, ?::jsonb, ?::jsonb, ?)";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            s.setObject(1, id);
            s.setString(2, stream);
            s.setString(3, "Ünï");
            s.setString(4, "\"naïve 😀 \\\" \\\\\"");
            s.setObject(5, "{\"who\": \"Ünal\"}", Types.OTHER);
            s.setArray(6, c.createArrayOf("text", TAGS));
            equal(1, s.executeUpdate());
        }
        try (PreparedStatement s = c.prepareStatement("SELECT " + COLUMNS + " FROM events WHERE stream = ?")) {
            for (int i = 0; i < REPEATS; i++) { // text first, then binary
                s.setString(1, stream);
                try (ResultSet rows = s.executeQuery()) {
                    check(rows.next(), "no row");
                    checkRow(rows, stream, id);
                    check(!rows.next(), "two rows");
                }
            }
        }
        say("all-columns ok");
    }

    static void checkRow(ResultSet row, String stream, UUID id) throws SQLException {
        check(row.getLong("position") >= 0, "position");
        equal(5, row.getObject("stream_id", UUID.class).version());
        equal(stream, row.getString("stream"));
        equal(0L, row.getLong("version"));
        equal(id, row.getObject("event_id"));
        equal("Ünï", row.getString("type"));
        equal("\"naïve 😀 \\\" \\\\\"", row.getString("payload"));
        equal("{\"who\": \"Ünal\"}", row.getString("metadata"));
        equal(Arrays.asList(TAGS), Arrays.asList((String[]) row.getArray("tags").getArray()));
        OffsetDateTime at = row.getObject("recorded_at", OffsetDateTime.class);
        check(Duration.between(at, OffsetDateTime.now()).abs().toHours() < 1, at);
        check(Math.abs(row.getTimestamp("recorded_at").getTime() - at.toInstant().toEpochMilli()) <= 1, at);
    }

    static void nulls(Connection c) throws Exception {
        UUID id = UUID.randomUUID();
        String sql = "INSERT INTO events (stream_id, type, payload, metadata, tags) VALUES (?, 'Bare', '[]', ?, ?)";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            s.setObject(1, id);
            s.setNull(2, Types.OTHER);
            s.setNull(3, Types.ARRAY);
            s.executeUpdate();
        }
        try (PreparedStatement s = c.prepareStatement("SELECT " + COLUMNS + " FROM events WHERE stream_id = ?")) {
            s.setObject(1, id);
            ResultSet row = s.executeQuery();
            check(row.next(), "no row");
            equal(id, row.getObject("stream_id"));
            equal("[]", row.getString("payload"));
            for (String column : new String[] {"stream", "metadata", "tags"}) {
                check(row.getString(column) == null && row.wasNull(), column);
            }
        }
        say("nulls ok");
    }

    static void opaque(Connection c) throws Exception {
        byte[] body = new byte[256];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) i;
        }
        String sql = "INSERT INTO events (stream, type, payload_bytes) VALUES ('jdbc-opaque', 'Blob', ?)";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            s.setBytes(1, body);
            s.executeUpdate();
        }
        sql = "SELECT payload, payload_bytes FROM events WHERE stream = ?";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int i = 0; i < REPEATS; i++) {
                s.setString(1, "jdbc-opaque");
                ResultSet row = s.executeQuery();
                check(row.next() && row.getString(1) == null, "payload");
                check(Arrays.equals(body, row.getBytes(2)), "bytes");
            }
        }
        say("opaque ok");
    }

    static void repeated(Connection c) throws Exception {
        List<Long> versions = new ArrayList<>();
        try (PreparedStatement s = c.prepareStatement(RETURNING)) {
            for (long i = 0; i < REPEATS; i++) {
                versions.add(append(s, "jdbc-repeated", "Tick", "{\"i\": " + i + "}", i - 1));
            }
        }
        say("repeated", versions(versions));
        String read = "SELECT payload FROM events WHERE stream = ? AND version = ?";
        try (PreparedStatement s = c.prepareStatement(read)) {
            for (int i = 0; i < REPEATS; i++) {
                s.setString(1, "jdbc-repeated");
                s.setLong(2, i);
                ResultSet row = s.executeQuery();
                check(row.next(), i);
                equal("{\"i\": " + i + "}", row.getString(1));
            }
        }
    }

    static void rollback(Connection c) throws Exception {
        c.setAutoCommit(false);
        append(c, "jdbc-rolled-back", "A", null);
        long inside = count(c, "jdbc-rolled-back");
        c.rollback();
        say("rollback", "inside=" + inside, "after=" + count(c, "jdbc-rolled-back"));
        c.commit();
        c.setAutoCommit(true);
    }

    static void commit(Connection c) throws Exception {
        c.setAutoCommit(false);
        List<Long> versions = new ArrayList<>();
        versions.add(append(c, "jdbc-commits", "A", null));
        versions.add(append(c, "jdbc-commits-too", "B", null));
        versions.add(append(c, "jdbc-commits", "C", null));
        c.commit();
        c.setAutoCommit(true);
        say("commit", versions(versions), "after=" + count(c, "jdbc-commits") + "+" + count(c, "jdbc-commits-too"));
    }

    static void savepoint(Connection c) throws Exception {
        c.setAutoCommit(false);
        append(c, "jdbc-savepoint", "A", null);
        Savepoint one = c.setSavepoint();
        append(c, "jdbc-savepoint", "B", null);
        c.rollback(one);
        c.releaseSavepoint(c.setSavepoint("named one"));
        append(c, "jdbc-savepoint", "C", null);
        c.commit();
        c.setAutoCommit(true);
        say("savepoint", history(c, "jdbc-savepoint"));
    }

    static String history(Connection c, String stream) throws SQLException {
        String read = "SELECT version, type FROM events WHERE stream = ? ORDER BY version";
        try (PreparedStatement s = c.prepareStatement(read)) {
            s.setString(1, stream);
            List<String> events = new ArrayList<>();
            for (ResultSet rows = s.executeQuery(); rows.next();) {
                events.add(rows.getLong(1) + rows.getString(2));
            }
            return String.join(",", events);
        }
    }

    static void failedBlock(Connection c) throws Exception {
        c.setAutoCommit(false);
        append(c, "jdbc-failed", "A", null);
        String first = refused(x -> append(x, "jdbc-failed", "B", 7L), c);
        String second = refused(x -> count(x, "jdbc-failed"), c);
        c.rollback();
        c.setAutoCommit(true);
        say("failed-block", first, second);
        say("failed-after count=" + count(c, "jdbc-failed"));
    }

    /** The driver adds RETURNING by itself, with quoted names or with a star. */
    static void generatedKeys(Connection c) throws Exception {
        String sql = "INSERT INTO events (stream, type, payload) VALUES ('jdbc-keys', 'A', '{}')";
        try (PreparedStatement s = c.prepareStatement(sql, new String[] {"position", "version"})) {
            s.executeUpdate();
            ResultSet keys = s.getGeneratedKeys();
            check(keys.next() && keys.getLong(1) >= 0, "keys");
            equal(0L, keys.getLong("version"));
        }
        try (PreparedStatement s = c.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
            s.executeUpdate();
            ResultSet keys = s.getGeneratedKeys();
            check(keys.next() && keys.getObject("recorded_at") != null, "keys");
            say("generated-keys", "version=" + keys.getLong("version"), keys.getString("stream"));
        }
    }

    static void fill(PreparedStatement s, String stream, int rows, int first) throws SQLException {
        for (int i = 0; i < rows; i++) {
            s.setString(1, stream);
            s.setString(2, "Batch");
            s.setString(3, "{\"i\": " + i + "}");
            s.setLong(4, first + i);
            s.addBatch();
        }
    }

    static void batch(Connection c) throws Exception {
        try (PreparedStatement s = c.prepareStatement(APPEND)) {
            fill(s, "jdbc-batch", 300, -1);
            int[] counts = s.executeBatch();
            check(Arrays.stream(counts).allMatch(n -> n == 1), Arrays.toString(counts));
            say("batch", "rows=" + counts.length, "count=" + count(c, "jdbc-batch"));
        }
        try (PreparedStatement s = c.prepareStatement(APPEND, new String[] {"version"})) {
            fill(s, "jdbc-batch-keys", 20, -1);
            s.executeBatch();
            ResultSet keys = s.getGeneratedKeys();
            long n = 0;
            for (; keys.next(); n++) {
                equal(n, keys.getLong(1));
            }
            say("batch-keys rows=" + n);
        }
    }

    /** A batch sent before one Sync is one transaction also without BEGIN. */
    static void batchConflict(Connection c) throws Exception {
        try (PreparedStatement s = c.prepareStatement(APPEND)) {
            fill(s, "jdbc-batch-conflict", 3, -1);
            fill(s, "jdbc-batch-conflict", 1, 7);
            fill(s, "jdbc-batch-conflict", 1, 2);
            s.executeBatch();
            throw new AssertionError("accepted");
        } catch (BatchUpdateException e) {
            say("batch-conflict", e.getSQLState(), "count=" + count(c, "jdbc-batch-conflict"));
        }
    }

    static void copy(Connection c) throws Exception {
        CopyManager copies = c.unwrap(PGConnection.class).getCopyAPI();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < LARGE; i++) {
            text.append("jdbc-large,Loaded,\"{\"\"i\"\": ").append(i).append("}\"\n");
        }
        var in = new java.io.ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8));
        say("copy-in rows=" + copies.copyIn("COPY events (stream, type, payload) FROM STDIN (FORMAT csv)", in));
        var out = new java.io.ByteArrayOutputStream();
        long rows = copies.copyOut(
            "COPY (SELECT version, type FROM events WHERE stream = 'jdbc-order' ORDER BY version) TO STDOUT", out);
        say("copy-out rows=" + rows, out.toString(StandardCharsets.UTF_8).replace("\t", "").trim().replace("\n", ","));
    }

    static void fetchSize(Connection c) throws Exception {
        c.setAutoCommit(false);
        String read = "SELECT version, payload FROM events WHERE stream = 'jdbc-large' ORDER BY version";
        try (Statement s = c.createStatement()) {
            s.setFetchSize(777);
            long seen = 0;
            for (ResultSet rows = s.executeQuery(read); rows.next(); seen++) {
                equal(seen, rows.getLong(1));
                equal("{\"i\": " + seen + "}", rows.getString(2));
            }
            say("fetch-size rows=" + seen);
        }
        try (Statement s = c.createStatement()) { // two portals open at once
            s.setFetchSize(10);
            ResultSet slow = s.executeQuery(read);
            slow.next();
            long count = count(c, "jdbc-order");
            long seen = 1;
            while (seen < 50 && slow.next()) {
                seen++;
            }
            say("two-portals", "count=" + count, "seen=" + seen);
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static void repeatableRead(Connection c) throws Exception {
        c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        c.setAutoCommit(false);
        count(c, "jdbc-isolation");
        try (Connection other = connect()) {
            append(other, "jdbc-isolation", "A", -1L);
        }
        long during = count(c, "jdbc-isolation");
        c.commit();
        say("repeatable-read", "during=" + during, "after=" + count(c, "jdbc-isolation"));
        c.commit();
        c.setReadOnly(true);
        say("read-only", refused(x -> append(x, "jdbc-isolation", "B", null), c));
        c.rollback();
        c.setReadOnly(false);
        c.setAutoCommit(true);
        c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }

    /** The driver makes one statement with many rows of many single ones. */
    static void rewrittenBatch(Connection c) throws Exception {
        String sql = "INSERT INTO events (stream, type, payload) VALUES (?, ?, ?::jsonb)";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int i = 0; i < 300; i++) {
                s.setString(1, "jdbc-rewritten");
                s.setString(2, "Batch");
                s.setString(3, "{}");
                s.addBatch();
            }
            say("rewritten-batch", "rows=" + s.executeBatch().length, "count=" + count(c, "jdbc-rewritten"));
        }
    }

    static void simple(Connection c) throws Exception {
        List<Long> versions = new ArrayList<>();
        for (long i = 0; i < 3; i++) {
            versions.add(append(c, "jdbc-simple", "It's \\ \"A\"", i - 1));
        }
        say("simple", versions(versions), refused(x -> append(x, "jdbc-simple", "B", 0L), c),
            history(c, "jdbc-simple"));
    }

    /** A savepoint before every statement, and back to it after an error. */
    static void autosave(Connection c) throws Exception {
        c.setAutoCommit(false);
        append(c, "jdbc-autosave", "A", null);
        String state = refused(x -> append(x, "jdbc-autosave", "B", 7L), c);
        append(c, "jdbc-autosave", "C", null);
        c.commit();
        say("autosave", state, history(c, "jdbc-autosave"));
        c.commit();
    }

    /** prepareThreshold −1: binary from the first execution on, described before it. */
    static void binaryAtOnce(Connection c) throws Exception {
        List<Long> versions = new ArrayList<>();
        try (PreparedStatement s = c.prepareStatement(RETURNING)) {
            for (long i = 0; i < 3; i++) {
                versions.add(append(s, "jdbc-binary", "Tick", "{}", i - 1));
            }
        }
        say("binary", versions(versions), history(c, "jdbc-binary"));
    }
}
