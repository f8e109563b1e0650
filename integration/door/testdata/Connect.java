import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.util.PSQLException;

/** pgjdbc: connects as libpq's variables say, and tells what came of it; once for each line of input, so that Java starts once. */
public class Connect {
    public static void main(String[] args) throws Exception {
        for (String line : new String(System.in.readAllBytes()).split("\n")) {
            Properties p = new Properties();
            for (String pair : line.split("\t")) {
                int at = pair.indexOf('=');
                p.setProperty(pair.substring(0, at), pair.substring(at + 1));
            }
            String url = "jdbc:postgresql://" + p.remove("host") + ":" + p.remove("port") + "/" + p.remove("database");
            try (Connection c = DriverManager.getConnection(url, p); ResultSet r = c.createStatement().executeQuery("SELECT 1")) {
                r.next();
                System.out.println("in " + r.getInt(1));
            } catch (PSQLException e) {
                boolean server = e.getServerErrorMessage() != null;
                String text = server ? e.getSQLState() + " " + e.getServerErrorMessage().getMessage() : "client " + e.getMessage();
                System.out.println(text.replace('\n', ' '));
            } catch (SQLException e) {
                System.out.println("client " + e.getMessage().replace('\n', ' '));
            }
        }
    }
}
