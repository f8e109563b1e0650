import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.RowIdLifetime;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

// Metadata calls every method of java.sql.DatabaseMetaData and prints what it
// gives, a heading a call and a line a row. RECORD=1 has it say in the server's
// log which call follows.
public class Metadata {
	static Connection connection;
	static DatabaseMetaData metadata;

	public static void main(String[] args) throws Exception {
		connection = DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":"
			+ System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + "?sslmode=disable&user="
			+ System.getenv("PGUSER"));
		metadata = connection.getMetaData();
		withoutArguments();
		withArguments();
		ofResults();
		connection.close();
	}

	static void withoutArguments() throws Exception {
		Method[] methods = DatabaseMetaData.class.getMethods();
		Arrays.sort(methods, Comparator.comparing(Method::getName));
		for (Method method : methods) {
			if (method.getParameterCount() == 0 && method.getDeclaringClass() == DatabaseMetaData.class
				&& !method.getName().equals("getConnection")) {
				call(method.getName());
			}
		}
	}

	static void withArguments() throws Exception {
		String[] relations = {"events", "streams", "order_totals", "nosuch"};
		for (String catalog : new String[] {null, System.getenv("PGDATABASE"), "nosuch"}) {
			call("getSchemas", catalog, null);
			call("getSchemas", catalog, "public");
			call("getTables", catalog, "public", "%", null);
			call("getColumns", catalog, "public", "%", "%");
			call("getPrimaryKeys", catalog, "public", "events");
		}
		call("getTables", null, null, "%", new String[] {"TABLE", "VIEW", "PARTITIONED TABLE", "MATERIALIZED VIEW", "FOREIGN TABLE"});
		call("getTables", null, null, "%", new String[] {"TABLE"});
		call("getTables", null, "%", "%", new String[] {"VIEW"});
		call("getTables", null, "public", "ev%", null);
		call("getTables", null, "public", "order\\_totals", null);
		call("getTables", null, "pg_catalog", "pg_class", null);
		call("getTables", null, "information_schema", "tables", new String[] {"SYSTEM VIEW"});
		call("getTables", null, "", "%", null);
		call("getTables", null, "public", "%", new String[] {"INDEX", "SEQUENCE", "TYPE"});
		for (String relation : relations) {
			call("getColumns", null, "public", relation, null);
			call("getColumns", null, null, relation, "stream%");
			call("getPrimaryKeys", null, "public", relation);
			call("getPrimaryKeys", null, null, relation);
			call("getIndexInfo", null, "public", relation, false, true);
			call("getIndexInfo", null, null, relation, true, false);
			call("getImportedKeys", null, "public", relation);
			call("getExportedKeys", null, "public", relation);
			call("getBestRowIdentifier", null, "public", relation, DatabaseMetaData.bestRowSession, true);
			call("getBestRowIdentifier", null, null, relation, DatabaseMetaData.bestRowTemporary, false);
			call("getVersionColumns", null, "public", relation);
			call("getTablePrivileges", null, "public", relation);
			call("getColumnPrivileges", null, "public", relation, "%");
			call("getSuperTables", null, "public", relation);
			call("getPseudoColumns", null, "public", relation, "%");
		}
		call("getColumns", null, "pg_catalog", "pg_type", null);
		call("getColumns", null, "information_schema", "columns", null);
		call("getIndexInfo", null, "pg_catalog", "pg_type", false, false);
		call("getCrossReference", null, "public", "events", null, "public", "streams");
		call("getProcedures", null, "public", "%");
		call("getProcedureColumns", null, "public", "%", "%");
		call("getFunctions", null, "public", "%");
		call("getFunctions", null, "pg_catalog", "lower");
		call("getFunctionColumns", null, "public", "%", "%");
		call("getFunctionColumns", null, "public", "stream_id", "%");
		call("getUDTs", null, "public", "%", null);
		call("getUDTs", null, null, "%", new int[] {java.sql.Types.DISTINCT, java.sql.Types.STRUCT});
		call("getSuperTypes", null, "public", "%");
		call("getAttributes", null, "public", "%", "%");
		call("supportsConvert", java.sql.Types.INTEGER, java.sql.Types.VARCHAR);
		call("supportsResultSetConcurrency", ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_UPDATABLE);
	}

	// What ResultSetMetaData says of columns takes the driver to the catalog too.
	static void ofResults() throws SQLException {
		String[] queries = {
			"SELECT * FROM events",
			"SELECT * FROM streams",
			"SELECT stream AS name, n + 1 AS more FROM order_totals",
			"SELECT count(*), min(recorded_at) FROM events",
			"SELECT c.oid, c.relname, c.relacl FROM pg_catalog.pg_class c",
		};
		for (String query : queries) {
			mark("ResultSetMetaData of " + query);
			System.out.println("== " + query);
			try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query + " LIMIT 0")) {
				ResultSetMetaData about = rows.getMetaData();
				for (int i = 1; i <= about.getColumnCount(); i++) {
					System.out.println(String.join("|", about.getColumnLabel(i), about.getColumnName(i), about.getTableName(i),
						about.getSchemaName(i), about.getColumnTypeName(i), about.getColumnClassName(i),
						"" + about.getColumnType(i), "" + about.isNullable(i), "" + about.isAutoIncrement(i),
						"" + about.getPrecision(i), "" + about.getScale(i), "" + about.isSigned(i),
						"" + about.getColumnDisplaySize(i), "" + about.isReadOnly(i)));
				}
			} catch (SQLException e) {
				System.out.println("! " + e.getSQLState() + " " + e.getMessage());
			}
		}
	}

	static void mark(String what) throws SQLException {
		if (System.getenv("RECORD") != null) {
			try (Statement statement = connection.createStatement()) {
				statement.execute("SELECT 'case: " + what.replace("'", "''") + "'");
			}
		}
	}

	static void call(String name, Object... arguments) throws Exception {
		List<String> shown = new ArrayList<>();
		for (Object argument : arguments) {
			shown.add(argument instanceof Object[] list ? Arrays.toString(list)
				: argument instanceof int[] list ? Arrays.toString(list) : "" + argument);
		}
		String heading = name + "(" + String.join(", ", shown) + ")";
		mark(heading);
		System.out.println("== " + heading);
		for (Method method : DatabaseMetaData.class.getMethods()) {
			if (method.getName().equals(name) && method.getParameterCount() == arguments.length) {
				print(method, arguments);
				return;
			}
		}
		throw new NoSuchMethodException(name);
	}

	static void print(Method method, Object[] arguments) throws Exception {
		try {
			Object result = method.invoke(metadata, arguments);
			if (result instanceof ResultSet rows) {
				print(rows);
			} else if (result instanceof RowIdLifetime || !(result instanceof AutoCloseable)) {
				System.out.println(result);
			}
		} catch (InvocationTargetException e) {
			Throwable cause = e.getCause();
			String state = cause instanceof SQLException sql ? sql.getSQLState() : cause.getClass().getName();
			System.out.println("! " + state + " " + ("" + cause.getMessage()).split("\n")[0]);
		}
	}

	static void print(ResultSet rows) throws SQLException {
		ResultSetMetaData about = rows.getMetaData();
		int count = about.getColumnCount();
		List<String> names = new ArrayList<>();
		for (int i = 1; i <= count; i++) {
			names.add(about.getColumnLabel(i) + ":" + about.getColumnTypeName(i));
		}
		System.out.println(String.join("|", names));
		while (rows.next()) {
			List<String> values = new ArrayList<>();
			for (int i = 1; i <= count; i++) {
				Object value = rows.getObject(i);
				values.add(value instanceof Array array ? array.toString() : "" + value);
			}
			System.out.println(String.join("|", values));
		}
		rows.close();
	}
}
