package clickhouse

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
)

// one reads one text.
func one(t *testing.T, s *Store, sql string) (text string) {
	t.Helper()
	if err := s.conn.QueryRow(t.Context(), sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// TestEnhanced is what a current engine has beyond the suite.
func TestEnhanced(t *testing.T) {
	dsn := chtest.StartCHDB(t)
	t.Run("TTL follows the configuration", func(t *testing.T) { testTTL(t, dsn("ttl")) })
	t.Run("indexes find related spans", func(t *testing.T) { testIndexes(t, dsn("indexes")) })
	t.Run("statements for clusters are understood", func(t *testing.T) { testClusterSyntax(t, dsn("syntax")) })
	t.Run("settings are known", func(t *testing.T) { testSettings(t, dsn("settings")) })
	t.Run("days leave", func(t *testing.T) { testDays(t, dsn("days")) })
	t.Run("people find attributes", func(t *testing.T) { testPeople(t, dsn("people")) })
}

func testTTL(t *testing.T, dsn string) {
	for _, c := range []struct {
		retention time.Duration
		want      string
	}{
		{48 * time.Hour, "toIntervalSecond(172800)"},
		{48 * time.Hour, "toIntervalSecond(172800)"},
		{time.Hour, "toIntervalSecond(3600)"},
		{0, ""},
		{3 * time.Hour, "toIntervalSecond(10800)"},
	} {
		cfg := quick(dsn)
		cfg.Retention = c.retention
		s := mustOpen(t, cfg)
		for _, table := range []string{"spans", "keys", "rates", "aliases"} {
			ddl := one(t, s, "SELECT create_table_query FROM system.tables WHERE database = 'ttl' AND name = "+quote(table))
			if strings.Contains(ddl, " TTL ") != (c.want != "") || !strings.Contains(ddl, c.want) {
				t.Errorf("%s with %v: %s", table, c.retention, ddl)
			}
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// granules is how many a question reads, and of how many, by the last index of each table.
func granules(t *testing.T, s *Store, sql string) (read, all int) {
	t.Helper()
	rows, err := s.query(t.Context(), "EXPLAIN indexes = 1 "+sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(`Granules: (\d+)/(\d+)`).FindStringSubmatch(line); m != nil {
			read, _ = strconv.Atoi(m[1])
			n, _ := strconv.Atoi(m[2])
			all = max(all, n)
		}
	}
	return read, all
}

func testIndexes(t *testing.T, dsn string) {
	s := mustOpen(t, quick(dsn))
	defer s.Close(t.Context())
	list := sampleSpans(1, 30_000)
	if err := s.Write(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	keys := []store.Key{store.SpanKey(list[100].ID), store.SpanKey(list[20_000].ID)}
	if read, all := granules(t, s, s.relatedSQL(keys, store.Window{})); read > 2 || read == 0 || all < 29 {
		t.Errorf("spans: %d of %d granules are read for two spans", read, all)
	}
	if read, all := granules(t, s, s.starts(keys, store.Window{})); read > 4 || read == 0 || all < 50 {
		t.Errorf("keys: %d of %d granules are read for two keys", read, all)
	}
	if got, _, err := s.Related(t.Context(), keys, store.Window{}, 10); err != nil || len(got) != 2 {
		t.Errorf("%d spans, %v", len(got), err)
	}
}

// testClusterSyntax has the engine parse what a cluster of current servers is sent.
func testClusterSyntax(t *testing.T, dsn string) {
	s := mustOpen(t, quick(dsn))
	defer s.Close(t.Context())
	c := &schema{target: &target{database: "d", cluster: "c"}, flavour: enhanced, replicated: true, retention: time.Hour}
	list, err := migrations(enhanced)
	if err != nil {
		t.Fatal(err)
	}
	text, err := files.ReadFile("sql/distributed.sql")
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, migration{statements: statements(string(text))})
	for _, m := range list {
		for _, st := range m.statements {
			st = c.fill(st)
			if !strings.Contains(st, "ON CLUSTER `c`") {
				t.Errorf("not on the cluster: %s", st)
			}
			rows, err := s.query(t.Context(), "EXPLAIN AST "+st)
			if err != nil {
				t.Errorf("%v: %s", err, st)
				continue
			}
			rows.Close()
		}
	}
}

// testSettings asks with each setting that INSERTs have; one that is unknown is an error.
func testSettings(t *testing.T, dsn string) {
	s := mustOpen(t, quick(dsn))
	defer s.Close(t.Context())
	for _, w := range []*writer{{async: true}, {async: true, cluster: true}} {
		for _, n := range []int{1, smallInsert} {
			all, async := w.settings(n, 7)
			if async {
				all["async_insert"], all["wait_for_async_insert"] = 1, 1
			}
			for k, v := range all {
				if err := s.conn.Exec(t.Context(), fmt.Sprintf("SELECT 1 SETTINGS %s = %s", k, quote(fmt.Sprint(v)))); err != nil {
					t.Errorf("%s: %v", k, err)
				}
			}
		}
	}
	if err := s.conn.Exec(t.Context(), "SELECT 1 SETTINGS no_such_setting = 1"); err == nil {
		t.Error("the engine takes any setting")
	}
}

func testDays(t *testing.T, dsn string) {
	s := mustOpen(t, quick(dsn))
	defer s.Close(t.Context())
	list := sampleSpans(1, 4)
	for i := range list {
		list[i].Start -= int64(i) * day
	}
	if err := s.Write(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	s.cfg.MaxBytes = 1
	if err := s.sweep(t.Context(), time.Unix(0, testTime)); err != nil {
		t.Fatal(err)
	}
	if n := countSpans(t, s); n != 1 {
		t.Errorf("%d spans of the last day", n)
	}
}

func testPeople(t *testing.T, dsn string) {
	s := mustOpen(t, quick(dsn))
	defer s.Close(t.Context())
	sp := sampleSpan(1, 5)
	sp.Attrs = append(sp.Attrs, store.Attr{Key: "http.response.status_code", Value: store.IntValue(404)})
	if err := s.Write(t.Context(), []store.Span{sp, sampleSpan(2, 6)}); err != nil {
		t.Fatal(err)
	}
	got := one(t, s, "SELECT concat(toString(time), ' ', service, ' ', attrs['http.response.status_code'], ' ', trace_id) FROM people.spans WHERE trace_id = '"+sp.Trace.String()+"'")
	if want := "2026-09-21 14:13:20.005000000 shop 404 " + sp.Trace.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
