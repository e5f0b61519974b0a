package sqltext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/sqltext"
)

func reader(d sqltext.Dialect) *sqltext.Reader { return sqltext.NewReader(d, l7test.Options().IDs) }

func TestQuery(t *testing.T) {
	const g, my, pg, ms, or, cql = sqltext.Generic, sqltext.MySQL, sqltext.PostgreSQL, sqltext.MSSQL, sqltext.Oracle, sqltext.CQL
	tests := []struct {
		d         sqltext.Dialect
		sql, want string
	}{
		{g, `SELECT 1`, `SELECT ?`},
		{g, `  select  a ,b from t where c = 'x' and d=1.5e-3 `, `select  a ,b from t where c = ? and d=?`},
		{g, `IN (1, 2,'c')`, `IN (?, ?,?)`},
		{g, `a1 = t2.b3 + 4`, `a1 = t2.b3 + ?`},
		{g, `x = .5, y = -7, z = 0xFF`, `x = ?, y = -?, z = ?`},
		{g, `'it''s' 'a\'b' "c\"d"`, `? ? ?`},
		{g, `'never ends`, `?`},
		{g, "a = $1 and b = ? and c = :name", "a = $1 and b = ? and c = :name"},
		{g, `q'[it's]' x`, `? x`},
		{my, "SELECT `a``1` FROM `t` WHERE b = \"v\" # tail 1", "SELECT `a``1` FROM `t` WHERE b = ?"},
		{my, "a--1 -- comment\n+2", "a--? \n+?"},
		{my, "/*!40101 SET NAMES 'utf8' */;", "/*!40101 SET NAMES ? */;"},
		{my, "/*M!100100 SET @a = 1 */ b", "/*M!100100 SET @a = ? */ b"},
		{my, "/*/ still 'a comment */ 5", "?"},
		{my, "SELECT _utf8mb4'x', N'y', x'4f', b'01', 0b1", "SELECT ?, ?, ?, ?, ?"},
		{my, "SELECT /*+ MAX_EXECUTION_TIME(1) */ 1", "SELECT  ?"},
		{my, "SELECT @@version_comment limit 1", "SELECT @@version_comment limit ?"},
		{pg, `SELECT "weird ""name" FROM t WHERE a = E'x\'y' AND b = 'z\' AND c = 'w'`, `SELECT "weird ""name" FROM t WHERE a = ? AND b = ? AND c = ?`},
		{pg, `DO $body$ secret $$ $body$ x`, `DO ? x`},
		{pg, `a $1 $$x$$ b$c`, `a $1 ? b$c`},
		{pg, `SELECT U&'\0061' /* a /* b */ 'c' */ 9`, `SELECT ?  ?`},
		{pg, `a[1]::int`, `a[?]::int`},
		{ms, `SELECT [a]]b 1] FROM [dbo].[t 2] WHERE n = N'x' AND @p1 = 1`, `SELECT [a]]b 1] FROM [dbo].[t 2] WHERE n = ? AND @p1 = ?`},
		{or, `SELECT nq'<a'b>' FROM "T" WHERE x = :1`, `SELECT ? FROM "T" WHERE x = :1`},
		{cql, `SELECT a FROM t WHERE id = 5f3e4a10-1111-2222-3333-444455556666 // x`, `SELECT a FROM t WHERE id = ?`},
		{cql, `b = a23e4a10-1111-2222-3333-444455556666;`, `b = ?;`},
		{cql, `v = 0xcafe`, `v = ?`},
	}
	for _, tt := range tests {
		if got := string(reader(tt.d).Read([]byte(tt.sql)).Query); got != tt.want {
			t.Errorf("dialect %d, %q:\n got %q\nwant %q", tt.d, tt.sql, got, tt.want)
		}
	}
}

func TestPlainBackslash(t *testing.T) {
	r := reader(sqltext.MySQL)
	r.PlainBackslash = true
	if got := string(r.Read([]byte(`a = 'x\' AND b = 'secret'`)).Query); got != "a = ? AND b = ?" {
		t.Errorf("got %q", got)
	}
}

func TestSummary(t *testing.T) {
	tests := []struct{ sql, want, table string }{
		{"SELECT * FROM wuser_table WHERE username = ?", "SELECT wuser_table", "wuser_table"},
		{"INSERT INTO shipping_details (order_id, address) SELECT order_id, address FROM orders WHERE order_id = ?", "INSERT shipping_details SELECT orders", ""},
		{"SELECT * FROM songs, artists WHERE songs.artist_id == artists.id", "SELECT songs artists", ""},
		{"SELECT order_date FROM (SELECT * FROM orders o JOIN customers c ON o.customer_id = c.customer_id)", "SELECT SELECT orders customers", ""},
		{"select a from t1 x, t2 as y left join t3 on f(a, b) = c, t4 where d in (1, 2)", "SELECT t1 t2 t3 t4", ""},
		{"SELECT a FROM t UNION ALL SELECT a FROM t", "SELECT t SELECT t", "t"},
		{"select extract(year from d), substring(a from 2) from t where a is distinct from b", "SELECT t", "t"},
		{"SELECT * FROM `db` . `orders` o", "SELECT db.orders", "db.orders"},
		{"SELECT * FROM `song list`", "SELECT `song list`", "`song list`"},
		{"SELECT * FROM db..t", "SELECT db..t", "db..t"},
		{"SELECT 1", "SELECT", ""},
		{"SELECT t.select, u.from FROM t", "SELECT t", "t"},
		{"INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT t", "t"},
		{"INSERT IGNORE t SET a = 1 ON DUPLICATE KEY UPDATE a = 2", "INSERT t", "t"},
		{"insert into s.t(a) values (?) returning id", "INSERT s.t", "s.t"},
		{"REPLACE INTO t VALUES (REPLACE('a', 'b', 'c'))", "REPLACE t", "t"},
		{"UPDATE t SET a = 1, b = 2 WHERE c = 3", "UPDATE t", "t"},
		{"UPDATE t1, t2 SET a = (SELECT max(b) FROM t3)", "UPDATE t1 t2 SELECT t3", ""},
		{"DELETE FROM t WHERE a = 1", "DELETE t", "t"},
		{"DELETE a, b FROM x a JOIN y b USING (c)", "DELETE x y", ""},
		{"delete from films using producers where a = b", "DELETE films producers", ""},
		{"MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1", "MERGE t s", ""},
		{"WITH x AS (SELECT a FROM t) SELECT * FROM x", "WITH SELECT t SELECT x", ""},
		{"WITH x AS (INSERT INTO t VALUES (1) RETURNING *) UPDATE u SET a = 1", "WITH INSERT t UPDATE u", ""},
		{"SELECT a FROM t WHERE b = 1 FOR UPDATE", "SELECT t", "t"},
		{"CREATE TABLE IF NOT EXISTS t (id INT, a INT)", "CREATE TABLE t", "t"},
		{"create or replace view v as select * from t", "CREATE VIEW v SELECT t", "t"},
		{"CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX i", ""},
		{"DROP TABLE a, b", "DROP TABLE a b", ""},
		{"ALTER TABLE t ADD COLUMN c INT", "ALTER TABLE t", "t"},
		{"TRUNCATE TABLE t", "TRUNCATE t", "t"},
		{"CREATE USER 'bob'@'%' IDENTIFIED BY 'pw'", "CREATE USER", ""},
		{"EXPLAIN ANALYZE SELECT * FROM t", "EXPLAIN SELECT t", "t"},
		{"CALL proc(1, 2)", "CALL proc", ""},
		{"{call proc(?)}", "CALL proc", ""},
		{"USE shop", "USE shop", ""},
		{"SHOW FULL COLUMNS FROM t", "SHOW COLUMNS", ""},
		{"SHOW TABLES", "SHOW TABLES", ""},
		{"START TRANSACTION", "START TRANSACTION", ""},
		{"SET autocommit=0", "SET", ""},
		{"COMMIT", "COMMIT", ""},
		{"LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE t (a, b)", "LOAD t", "t"},
		{"COPY t (a, b) FROM STDIN", "COPY t", "t"},
		{"PREPARE p AS INSERT INTO t VALUES ($1)", "PREPARE INSERT t", "t"},
		{"BEGIN; UPDATE t SET a = 1; COMMIT;", "BEGIN UPDATE t COMMIT", "t"},
		{"(SELECT a FROM t) LIMIT 1", "SELECT t", "t"},
		{"/* c */ -- d\n SELECT a FROM t", "SELECT t", "t"},
		{"SELECT a FROM t WHERE x = 'y from z'", "SELECT t", "t"},
		{"42", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		st := reader(sqltext.MySQL).Read([]byte(tt.sql))
		if string(st.Summary) != tt.want || string(st.Table) != tt.table {
			t.Errorf("%q:\n got %q, table %q\nwant %q, table %q", tt.sql, st.Summary, st.Table, tt.want, tt.table)
		}
		if first, _, _ := strings.Cut(tt.want, " "); string(st.Op) != first {
			t.Errorf("%q: operation %q, want %q", tt.sql, st.Op, first)
		}
	}
}

func TestIDs(t *testing.T) {
	const tp = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	tests := []struct {
		sql  string
		want []string
	}{
		{"SELECT 1 /*action='run',traceparent='" + tp + "',tracestate='a%3Db%2Cc%3Dd'*/", []string{"traceparent=" + tp, "tracestate=a=b,c=d"}},
		{"/* x-request-id: 2f6b10f6, user=me */ SELECT 1", []string{"x-request-id=2f6b10f6"}},
		{"SELECT 1 -- X-Request-ID=abc-1;", []string{"X-Request-ID=abc-1"}},
		{"SELECT 1 # X_Request_Id : abc", []string{"X_Request_Id=abc"}},
		{`/*{"x-request-id": "q\'1"}*/ SELECT 1`, []string{"x-request-id=q'1"}},
		{"/*uber-trace-id=1%3A2%3A0%3A1*/ SELECT 'x-request-id=no' /* b3 = 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1 */", []string{"uber-trace-id=1%3A2%3A0%3A1", "b3=80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1"}},
		{"/*X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1*/", []string{"X-Amzn-Trace-Id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}},
		{"SELECT 1 /* x-request-id= */", nil},
		{"SELECT 1 /* x-request-id", nil},
		{"SELECT 1 /*traceparent='cut", []string{"traceparent=cut"}},
		{"SELECT 1 /* X-Forwarded-For: 192.0.2.1 */", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, id := range reader(sqltext.MySQL).Read([]byte(tt.sql)).IDs {
			got = append(got, fmt.Sprintf("%s=%s", id.Name, id.Value))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.sql, diff)
		}
	}
}

// TestFields finds keys that mean something in comments only.
func TestFields(t *testing.T) {
	c := ids.Default()
	if err := c.Add("sql:serial_no"); err != nil {
		t.Fatal(err)
	}
	m, err := ids.New(c)
	if err != nil {
		t.Fatal(err)
	}
	st := sqltext.NewReader(sqltext.MySQL, m).Read([]byte("/* Serial-No='47%2011' */ SELECT serial_no FROM t WHERE serial_no='4712' -- serial_no: 4713, x: 1"))
	if len(st.IDs) != 2 || string(st.IDs[0].Value) != "47 11" || string(st.IDs[1].Value) != "4713" || st.IDs[0].Class != l7.IDUser {
		t.Errorf("ids %q", st.IDs)
	}
}

func TestCloneAndDescribe(t *testing.T) {
	r := reader(sqltext.MySQL)
	c := r.Read([]byte("SELECT a FROM t WHERE b = 'x' /*x-request-id='a%20b'*/")).Clone()
	r.Read([]byte("DELETE FROM other WHERE something = 'else' /*x-request-id='overwritten%20'*/"))
	var m l7.Message
	c.Describe(&m, sqltext.Keys{Operation: 0, Query: 1, Summary: 2, Collection: 3})
	got := fmt.Sprintf("%s|%s|%s|%s|%s=%s|%d attributes", m.Op, m.Resource, m.Name, m.Attrs[1].Str, m.IDs[0].Name, m.IDs[0].Value, len(m.Attrs))
	if want := "SELECT|t|SELECT t|SELECT a FROM t WHERE b = ?|x-request-id=a b|4 attributes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBounds: nothing told of a text exceeds its bound, and ids behind what is
// shown are still found.
func TestBounds(t *testing.T) {
	sql := "SELECT a FROM " + strings.Repeat("table_of_some_length, ", 2000) + "x WHERE b IN (" + strings.Repeat("1,", 10000) + "2) /*x-request-id='late'*/"
	st := reader(sqltext.MySQL).Read([]byte(sql))
	if len(st.Query) > 8<<10 || len(st.Summary) > 255 || strings.HasSuffix(string(st.Summary), "lengt") {
		t.Errorf("query of %d, summary of %d bytes", len(st.Query), len(st.Summary))
	}
	if len(st.IDs) != 1 || string(st.IDs[0].Value) != "late" {
		t.Errorf("ids %v", st.IDs)
	}
}
