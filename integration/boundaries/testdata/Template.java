// A decision under a transaction template as Spring's: so many clients at once, each with every pair of a course and a student, from where it begins.
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public class Template {
    interface Work<T> {
        T in(Connection conn) throws SQLException;
    }

    /** Runs work in a transaction, and all of it again if that fails with 40001. */
    static <T> T execute(Connection conn, Work<T> work) throws SQLException {
        while (true) {
            try {
                T result = work.in(conn);
                conn.commit();
                return result;
            } catch (SQLException e) {
                conn.rollback();
                if (!"40001".equals(e.getSQLState())) throw e;
            }
        }
    }

    static String decide(Connection conn, String course, String student) throws SQLException {
        int capacity = 0, taken = 0, courses = 0;
        try (var read = conn.prepareStatement("SELECT type, payload, tags FROM events WHERE tags && ? AND type IN ('CourseDefined', 'Subscribed')")) {
            read.setArray(1, conn.createArrayOf("text", new String[] {course, student}));
            var rows = read.executeQuery();
            while (rows.next()) {
                var tags = List.of((String[]) rows.getArray(3).getArray());
                if (rows.getString(1).equals("CourseDefined")) {
                    capacity = Integer.parseInt(rows.getString(2).replaceAll("[^0-9]", ""));
                    continue;
                }
                if (tags.contains(course) && tags.contains(student)) return "has a seat already";
                if (tags.contains(course)) taken++;
                if (tags.contains(student)) courses++;
            }
        }
        if (taken >= capacity) return "full";
        if (courses >= 5) return "too many courses";
        try (var insert = conn.prepareStatement("INSERT INTO events (stream, type, tags) VALUES (?, 'Subscribed', ?)")) {
            insert.setString(1, course.replace(':', '-'));
            insert.setArray(2, conn.createArrayOf("text", new String[] {course, student}));
            insert.executeUpdate();
        }
        return "subscribed";
    }

    public static void main(String[] args) throws Exception {
        int clients = Integer.parseInt(args[1]), pairs = args.length - 2;
        var url = args[0].replaceFirst("postgres://", "jdbc:postgresql://");
        var pool = Executors.newFixedThreadPool(clients);
        var running = new ArrayList<Future<?>>();
        for (int n = 0; n < clients; n++) {
            int start = n * pairs / clients;
            running.add(pool.submit(() -> {
                try (var conn = DriverManager.getConnection(url)) {
                    conn.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                    conn.setAutoCommit(false);
                    for (int i = 0; i < pairs; i++) {
                        String pair = args[2 + (start + i) % pairs];
                        String[] names = pair.split("/");
                        String answer = execute(conn, c -> decide(c, "course:" + names[0], "student:" + names[1]));
                        System.out.print(pair + " " + answer + "\n");
                    }
                }
                return null;
            }));
        }
        for (var r : running) r.get();
        pool.shutdown();
    }
}
