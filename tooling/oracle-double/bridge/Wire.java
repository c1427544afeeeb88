import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Values and frames on the wire; src/wire.ts is the other end. Numbers are big-endian, times are milliseconds in a double. */
final class Wire {
  static final int NULL = 0, TEXT = 1, NUMBER = 2, BYTES = 3, LOCAL_TIME = 4, INSTANT = 5, DOUBLE = 6, BOOLEAN = 7;
  private static final int FRAME_BYTES = 64 * 1024;

  private Wire() {}

  static String text(DataInputStream in) throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
  }

  static void bind(DataInputStream in, PreparedStatement statement, int at) throws IOException, SQLException {
    switch (in.readUnsignedByte()) {
      case NULL -> statement.setNull(at, Types.NULL);
      case TEXT -> statement.setString(at, text(in));
      case NUMBER -> statement.setBigDecimal(at, new BigDecimal(text(in)));
      case BYTES -> statement.setBytes(at, in.readNBytes(in.readInt()));
      case LOCAL_TIME -> statement.setObject(at, LocalDateTime.ofInstant(instant(in), ZoneOffset.UTC));
      case INSTANT -> statement.setObject(at, instant(in).atOffset(ZoneOffset.UTC));
      case DOUBLE -> statement.setDouble(at, in.readDouble());
      default -> throw new IOException("unknown bind");
    }
  }

  private static Instant instant(DataInputStream in) throws IOException {
    return Instant.ofEpochMilli((long) in.readDouble());
  }

  /** One reply: frames of at most 64 KB or so, the last of which says that it is. */
  static final class Reply {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);
    private final OutputStream socket;

    Reply(OutputStream socket) {
      this.socket = socket;
    }

    DataOutputStream out() {
      return out;
    }

    void text(String value) throws IOException {
      blob(value.getBytes(StandardCharsets.UTF_8));
    }

    private void blob(byte[] value) throws IOException {
      out.writeInt(value.length);
      out.write(value);
    }

    void flushWhenLarge() throws IOException {
      if (bytes.size() > FRAME_BYTES) send(false);
    }

    void end() throws IOException {
      send(true);
    }

    private void send(boolean isLast) throws IOException {
      byte[] frame = new byte[bytes.size() + 5];
      int length = bytes.size() + 1;
      for (int i = 0; i < 4; i++) frame[i] = (byte) (length >>> (24 - 8 * i));
      frame[4] = (byte) (isLast ? 1 : 0);
      System.arraycopy(bytes.toByteArray(), 0, frame, 5, bytes.size());
      bytes.reset();
      Bridge.passWhenThawed();
      socket.write(frame);
      socket.flush();
    }

    void columns(ResultSetMetaData columns) throws IOException, SQLException {
      out.writeShort(columns.getColumnCount());
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        text(columns.getColumnLabel(i));
        text(columns.getColumnTypeName(i));
        out.writeInt(columns.getPrecision(i));
        out.writeInt(columns.getScale(i));
        out.writeBoolean(columns.isNullable(i) != ResultSetMetaData.columnNoNulls);
        out.writeBoolean(!columns.getTableName(i).isEmpty());
      }
    }

    void rows(ResultSet rows) throws IOException, SQLException {
      ResultSetMetaData columns = rows.getMetaData();
      int[] types = new int[columns.getColumnCount()];
      for (int i = 0; i < types.length; i++) types[i] = columns.getColumnType(i + 1);
      while (rows.next()) {
        out.writeByte(1);
        for (int i = 0; i < types.length; i++) cell(rows, i + 1, types[i]);
        flushWhenLarge();
      }
      out.writeByte(0);
    }

    private void cell(ResultSet rows, int at, int type) throws IOException, SQLException {
      switch (type) {
        case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT, Types.NUMERIC, Types.DECIMAL -> number(rows.getBigDecimal(at));
        case Types.REAL, Types.FLOAT, Types.DOUBLE -> {
          double value = rows.getDouble(at);
          if (!isNull(rows.wasNull())) tagged(DOUBLE).writeDouble(value);
        }
        case Types.BINARY, Types.VARBINARY, Types.LONGVARBINARY, Types.BLOB -> {
          byte[] value = rows.getBytes(at);
          if (isNull(value == null)) return;
          tagged(BYTES);
          blob(value);
        }
        case Types.DATE, Types.TIMESTAMP -> {
          LocalDateTime value = rows.getObject(at, LocalDateTime.class);
          if (!isNull(value == null)) tagged(LOCAL_TIME).writeDouble(value.toInstant(ZoneOffset.UTC).toEpochMilli());
        }
        case Types.TIMESTAMP_WITH_TIMEZONE -> {
          OffsetDateTime value = rows.getObject(at, OffsetDateTime.class);
          if (!isNull(value == null)) tagged(INSTANT).writeDouble(value.toInstant().toEpochMilli());
        }
        case Types.BOOLEAN -> {
          boolean value = rows.getBoolean(at);
          if (!isNull(rows.wasNull())) tagged(BOOLEAN).writeBoolean(value);
        }
        default -> {
          String value = rows.getString(at);
          if (isNull(value == null)) return;
          tagged(TEXT);
          text(value);
        }
      }
    }

    private void number(BigDecimal value) throws IOException {
      if (isNull(value == null)) return;
      tagged(NUMBER);
      text(value.stripTrailingZeros().toPlainString());
    }

    private boolean isNull(boolean is) throws IOException {
      if (is) out.writeByte(NULL);
      return is;
    }

    private DataOutputStream tagged(int tag) throws IOException {
      out.writeByte(tag);
      return out;
    }
  }
}
