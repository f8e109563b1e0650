import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.PGReplicationStream;

/** Makes a slot with pgjdbc, prints what comes by it until so many transactions have committed, and confirms them. */
class Stream {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    PGProperty.USER.set(properties, "test");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "9.4");
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    try (Connection connection = DriverManager.getConnection(args[0], properties)) {
      PGConnection api = connection.unwrap(PGConnection.class);
      if (args.length > 2) {
        api.getReplicationAPI().createReplicationSlot().logical().withSlotName("jdbc").withOutputPlugin("wal2json").make();
      }
      PGReplicationStream stream = api.getReplicationAPI().replicationStream().logical().withSlotName("jdbc")
          .withSlotOption("format-version", 2).withStatusInterval(1, TimeUnit.SECONDS).start();
      System.out.println("started");
      for (int left = Integer.parseInt(args[1]); left > 0; ) {
        ByteBuffer message = stream.read();
        String text = new String(message.array(), message.arrayOffset(), message.remaining(), StandardCharsets.UTF_8);
        System.out.println(text);
        stream.setAppliedLSN(stream.getLastReceiveLSN());
        stream.setFlushedLSN(stream.getLastReceiveLSN());
        if (text.startsWith("{\"action\":\"C\"")) left--;
      }
      stream.forceUpdateStatus();
      stream.close();
    }
  }
}
