import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;

/** A newcomer's first transaction with pgjdbc. */
public class Newcomer {
    public static void main(String[] args) throws Exception {
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
        try (Connection c = DriverManager.getConnection(url + "?sslmode=disable", System.getenv("PGUSER"), "")) {
            c.setAutoCommit(false);
            try (PreparedStatement insert = c.prepareStatement("INSERT INTO events (stream, type, payload) VALUES (?, ?, ?::jsonb) RETURNING *");
                    Statement sum = c.createStatement()) {
                for (int n = 1; n <= 7; n++) { // it names the statement and goes binary from the fifth on
                    insert.setString(1, "cart-1");
                    insert.setString(2, "ItemAdded");
                    insert.setString(3, "{\"n\": " + n + "}");
                    try (ResultSet r = insert.executeQuery()) {
                        r.next();
                        System.out.println(r.getLong("position") + " " + r.getLong("version") + " " + r.getString("payload") + " " + columns(r.getMetaData()));
                    }
                    try (ResultSet r = sum.executeQuery("SELECT sum((payload->>'n')::int) FROM events")) {
                        r.next();
                        System.out.println(r.getLong(1));
                    }
                    c.commit();
                }
            }
            try (PreparedStatement insert = c.prepareStatement("INSERT INTO events (stream, type) VALUES ('cart-2', 'Opened')", Statement.RETURN_GENERATED_KEYS)) {
                insert.executeUpdate();
                try (ResultSet keys = insert.getGeneratedKeys()) {
                    keys.next();
                    System.out.println(keys.getLong("position") + " " + columns(keys.getMetaData()));
                }
                c.rollback();
            }
            try (ResultSet r = c.createStatement().executeQuery("SELECT count(*), sum((payload->>'n')::int) FROM events")) {
                r.next();
                System.out.println(r.getLong(1) + " " + r.getLong(2));
            }
        }
    }

    static String columns(ResultSetMetaData m) throws Exception {
        StringBuilder out = new StringBuilder();
        for (int i = 1; i <= m.getColumnCount(); i++) {
            out.append(m.getColumnName(i)).append(m.isNullable(i)).append(m.getTableName(i)).append(' ');
        }
        return out.toString();
    }
}
