import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs SQL that the double of the driver has translated, on H2 in its Oracle mode: one TCP connection is one session.
 *
 * The process obeys its standard input and ends with it, so that it cannot outlive the one who started it, however that one ended.
 */
public final class Bridge {
  static final String USER = System.getProperty("double.user", "midgard");
  static final String PASSWORD = System.getProperty("double.password", "midgard");
  static final String SCHEMA = USER.toUpperCase();

  private static final Set<String> prepared = ConcurrentHashMap.newKeySet();
  private static final Set<Session> sessions = ConcurrentHashMap.newKeySet();
  private static boolean isFrozen;

  public static void main(String[] arguments) throws Exception {
    ServerSocket server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    Thread acceptor = new Thread(() -> accept(server));
    acceptor.setDaemon(true);
    acceptor.start();
    Class.forName("org.h2.Driver");
    System.out.println("port " + server.getLocalPort());
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) obey(line.split(" "));
    Runtime.getRuntime().halt(0);
  }

  private static void accept(ServerSocket server) {
    while (true) {
      try {
        Socket socket = server.accept();
        socket.setTcpNoDelay(true);
        Session session = new Session(socket, sessions::remove);
        sessions.add(session);
        session.start();
      } catch (IOException refused) {
        System.err.println("accept: " + refused.getMessage());
      }
    }
  }

  /** Holds up whoever would read a command or send an answer while the bridge is frozen. */
  static synchronized void passWhenThawed() throws IOException {
    try {
      while (isFrozen) Bridge.class.wait();
    } catch (InterruptedException ended) {
      throw new IOException(ended);
    }
  }

  private static synchronized void setFrozen(boolean is) {
    isFrozen = is;
    Bridge.class.notifyAll();
  }

  /** `freeze` and `thaw` stop and resume all answers, `drop name` forgets a database, `cut name` ends its sessions as a broken network would; each is answered by one line. */
  private static void obey(String[] words) {
    String name = words.length > 1 ? words[1] : "";
    if (words[0].equals("freeze") || words[0].equals("thaw")) setFrozen(words[0].equals("freeze"));
    if (!name.isEmpty()) for (Session session : sessions) if (session.isOn(name)) session.cut();
    if (words[0].equals("drop") && prepared.remove(name)) {
      try (Connection connection = connect(name); Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN IMMEDIATELY");
      } catch (SQLException gone) {
        // The command ends its own connection, too.
      }
    }
    System.out.println("done");
  }

  /** Opens a session of a database, which is made with its dictionary views when it is new. */
  static Connection open(String name) throws SQLException {
    Connection connection = connect(name);
    try (Statement statement = connection.createStatement()) {
      synchronized (prepared) {
        if (!prepared.contains(name)) Dictionary.create(statement, SCHEMA);
        prepared.add(name);
      }
      statement.execute("SET SCHEMA \"" + SCHEMA + "\"");
      statement.execute("SET SCHEMA_SEARCH_PATH \"" + SCHEMA + "\", SYS");
    }
    connection.setAutoCommit(false);
    return connection;
  }

  private static Connection connect(String name) throws SQLException {
    return DriverManager.getConnection("jdbc:h2:mem:" + name + ";MODE=Oracle;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1;DEFAULT_ESCAPE=", "sa", "");
  }
}
