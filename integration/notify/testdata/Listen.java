// Prints what it is told, up to "end".
import java.sql.Connection;
import java.sql.DriverManager;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

public class Listen {
    public static void main(String[] args) throws Exception {
        try (Connection conn = DriverManager.getConnection(System.getenv("JDBC_URL"))) {
            conn.createStatement().execute("LISTEN a");
            System.out.println("ready");
            while (true) {
                for (PGNotification told : conn.unwrap(PGConnection.class).getNotifications(0)) {
                    System.out.println(told.getName() + " " + told.getParameter());
                    if (told.getParameter().equals("end")) {
                        return;
                    }
                }
            }
        }
    }
}
