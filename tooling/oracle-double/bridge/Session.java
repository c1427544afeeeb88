import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * One session. A thread reads commands, another runs them, so that a break, or the end of the connection, reaches a statement that runs.
 */
final class Session extends Thread {
  static final int HELLO = 1, EXECUTE = 2, COMMIT = 3, ROLLBACK = 4, PING = 5, BREAK = 6, ISOLATION = 7;
  private static final int QUERY = 1, DDL = 2, BATCH_ERRORS = 4;
  private static final int READ_COMMITTED = Connection.TRANSACTION_READ_COMMITTED, SNAPSHOT = 6;
  private static final int LOCK_TIMEOUT = 50200, CANCELED = 57014, WRONG_PASSWORD = 28000, DUPLICATE = 23505;
  /** H2 cannot be woken from waiting for a lock: it waits in slices, and between two of them hears a break. */
  private static final int LOCK_SLICE_MS = 50;
  private static final int STATEMENTS_KEPT = 200;
  private static final byte[] END = {};

  private final Socket socket;
  private final Wire.Reply reply;
  private final Consumer<Session> onEnd;
  private final BlockingQueue<byte[]> commands = new LinkedBlockingQueue<>();
  private final Map<String, PreparedStatement> statements = new LinkedHashMap<>(16, 0.75f, true);
  private volatile String database = "";
  private volatile Statement running;
  private volatile int current, broken = -1;
  private volatile boolean isCut;
  private Connection connection;

  Session(Socket socket, Consumer<Session> onEnd) throws IOException {
    this.socket = socket;
    this.onEnd = onEnd;
    reply = new Wire.Reply(socket.getOutputStream());
    setDaemon(true);
  }

  boolean isOn(String name) {
    return database.equals(name);
  }

  void cut() {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException gone) {
      // It is closed, as wanted.
    }
  }

  @Override
  public void run() {
    Thread reader = new Thread(this::read);
    reader.setDaemon(true);
    reader.start();
    try {
      for (byte[] command = commands.take(); command != END; command = commands.take()) obey(new DataInputStream(new ByteArrayInputStream(command)));
    } catch (IOException | InterruptedException gone) {
      // The other end is not there any more: what it left open is rolled back below.
    } finally {
      cut();
      close();
      onEnd.accept(this);
    }
  }

  private void close() {
    if (connection == null) return;
    try (Connection ending = connection) {
      ending.rollback();
    } catch (SQLException dropped) {
      // The database was dropped.
    }
  }

  private void read() {
    try {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        byte[] command = in.readNBytes(in.readInt());
        Bridge.passWhenThawed();
        if (command[0] == BREAK) interruptCall(java.nio.ByteBuffer.wrap(command).getInt(1));
        else commands.add(command);
      }
    } catch (IOException ended) {
      isCut = true;
      interruptCall(current);
      commands.add(END);
    }
  }

  private void interruptCall(int call) {
    broken = call;
    Statement statement = running;
    if (statement == null || call != current) return;
    try {
      statement.cancel();
    } catch (SQLException over) {
      // It ended by itself.
    }
  }

  private void obey(DataInputStream in) throws IOException {
    int operation = in.readUnsignedByte();
    current = in.readInt();
    try {
      switch (operation) {
        case HELLO -> hello(in);
        case EXECUTE -> {
          execute(in);
          reply.end();
          return;
        }
        case COMMIT -> {
          connection.commit();
          endTransaction();
        }
        case ROLLBACK -> {
          connection.rollback();
          endTransaction();
        }
        case ISOLATION -> {
          connection.setTransactionIsolation(SNAPSHOT);
          // The first statement takes the snapshot; Oracle's is that of SET TRANSACTION itself.
          prepare("SELECT 1 FROM DUAL").executeQuery().close();
        }
        default -> prepare("SELECT 1 FROM DUAL").executeQuery().close();
      }
      reply.out().writeByte(0);
    } catch (SQLException failure) {
      failed(failure);
    }
    reply.end();
  }

  private void hello(DataInputStream in) throws IOException, SQLException {
    String user = Wire.text(in), password = Wire.text(in), name = Wire.text(in), zone = Wire.text(in);
    if (!user.equalsIgnoreCase(Bridge.USER) || !password.equals(Bridge.PASSWORD)) throw new SQLException("wrong password", "28000", WRONG_PASSWORD);
    connection = Bridge.open(name);
    database = name;
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCK_TIMEOUT " + LOCK_SLICE_MS);
      statement.execute("SET TIME ZONE '" + zone + "'");
    }
  }

  private void endTransaction() throws SQLException {
    if (connection.getTransactionIsolation() != READ_COMMITTED) connection.setTransactionIsolation(READ_COMMITTED);
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    PreparedStatement kept = statements.get(sql);
    if (kept != null) return kept;
    PreparedStatement statement = connection.prepareStatement(sql);
    statements.put(sql, statement);
    if (statements.size() > STATEMENTS_KEPT) {
      String oldest = statements.keySet().iterator().next();
      statements.remove(oldest).close();
    }
    return statement;
  }

  /** Answers with the columns of a query and then, for each row of binds, with rows, a count or an error. */
  private void execute(DataInputStream in) throws IOException {
    int flags = in.readUnsignedByte(), lockWaitMs = in.readInt();
    String sql = Wire.text(in);
    int executions = in.readInt(), binds = in.readUnsignedShort();
    PreparedStatement statement;
    try {
      if ((flags & DDL) != 0) commitForDdl();
      statement = prepare(sql);
      if ((flags & QUERY) != 0) reply.columns(statement.getMetaData());
      else reply.out().writeShort(0);
    } catch (SQLException failure) {
      reply.out().writeShort(0);
      failed(failure);
      return;
    }
    for (int i = 0; i < executions; i++) {
      try {
        for (int at = 1; at <= binds; at++) Wire.bind(in, statement, at);
        run(statement, flags, lockWaitMs);
      } catch (SQLException failure) {
        failed(failure);
        if ((flags & BATCH_ERRORS) == 0 || failure.getErrorCode() == CANCELED) break;
      }
      reply.flushWhenLarge();
    }
    reply.out().writeByte(2);
  }

  private void run(PreparedStatement statement, int flags, int lockWaitMs) throws IOException, SQLException {
    running = statement;
    try {
      if ((flags & QUERY) != 0) {
        try (ResultSet rows = waiting(lockWaitMs, statement::executeQuery)) {
          reply.out().writeByte(0);
          reply.rows(rows);
        }
        return;
      }
      int changed = waiting(lockWaitMs, statement::executeUpdate);
      if ((flags & DDL) != 0) commitForDdl();
      reply.out().writeByte(0);
      reply.out().writeInt(changed);
    } finally {
      running = null;
    }
  }

  private void commitForDdl() throws SQLException {
    connection.commit();
    endTransaction();
  }

  private interface Call<T> {
    T run() throws SQLException;
  }

  /** @param lockWaitMs longest wait for locks; negative: as long as it takes, as Oracle does */
  private <T> T waiting(int lockWaitMs, Call<T> call) throws SQLException {
    if (lockWaitMs == 0) return withoutWaiting(call);
    long endAt = System.nanoTime() + lockWaitMs * 1_000_000L;
    while (true) {
      if (broken == current || isCut) throw new SQLException("canceled", "57014", CANCELED);
      try {
        return call.run();
      } catch (SQLException failure) {
        if (failure.getErrorCode() != LOCK_TIMEOUT) throw failure;
        if (lockWaitMs > 0 && System.nanoTime() >= endAt) throw failure;
      }
    }
  }

  private <T> T withoutWaiting(Call<T> call) throws SQLException {
    prepare("SET LOCK_TIMEOUT 1").execute();
    try {
      return call.run();
    } finally {
      prepare("SET LOCK_TIMEOUT " + LOCK_SLICE_MS).execute();
    }
  }

  private void failed(SQLException failure) throws IOException {
    reply.out().writeByte(1);
    reply.out().writeInt(failure.getErrorCode());
    reply.text(String.valueOf(failure.getMessage()));
    reply.text(failure.getErrorCode() == DUPLICATE ? constraintOf(failure) : "");
  }

  /** @return the name that Oracle reports: of the constraint that the index serves, else of the index */
  private String constraintOf(SQLException failure) {
    java.util.regex.Matcher index = java.util.regex.Pattern.compile("\"(?:[^.\"]+\\.)?(\\S+) ON (?:[^.\" ]+\\.)?").matcher(String.valueOf(failure.getMessage()));
    if (!index.find()) return "";
    String name = index.group(1).replace("\"", "");
    try (PreparedStatement lookup = connection.prepareStatement(
        "SELECT CONSTRAINT_NAME FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS WHERE INDEX_SCHEMA = ? AND INDEX_NAME = ?")) {
      lookup.setString(1, Bridge.SCHEMA);
      lookup.setString(2, name);
      try (ResultSet rows = lookup.executeQuery()) {
        return rows.next() ? rows.getString(1) : name;
      }
    } catch (SQLException unknown) {
      return name;
    }
  }
}
