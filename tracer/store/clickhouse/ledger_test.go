package clickhouse

import (
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

func ledger(t *testing.T, dsn string) {
	s := mustOpen(t, quick(dsn))
	defer s.Close(t.Context())
	early := sampleSpans(7, 3)
	if err := s.Write(t.Context(), early); err != nil { // before there is a ledger: no news
		t.Fatal(err)
	}
	storetest.RunLedger(t, s, func(spans []store.Span) {
		if err := s.Write(t.Context(), spans); err != nil {
			t.Fatal(err)
		}
	})
	for _, table := range ledgerTables {
		if err := s.tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := count(t.Context(), s.conn, "SELECT count() FROM "+s.table(table)); err != nil || n == 0 {
			t.Errorf("%s: %d rows, %v", table, n, err)
		}
	}
	now, err := s.second(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := uint32(now.Back(3 * time.Hour))
	for table, columns := range map[string]string{"news": "at", "departures": "at", "servers": "at"} {
		before, err := count(t.Context(), s.conn, "SELECT count() FROM "+s.table(table))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.insert(t.Context(), table, columns, 1, func(int) []any { return []any{old} }); err != nil {
			t.Fatal(err)
		}
		if err := s.tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after, err := count(t.Context(), s.conn, "SELECT count() FROM "+s.table(table)); err != nil || after != before {
			t.Errorf("%s: %d rows, %d when old ones have left, %v", table, before, after, err)
		}
	}
}

func TestLedgerBase(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	ledger(t, sv.DSN("ledger"))
}

func TestLedgerEnhanced(t *testing.T) { ledger(t, chtest.StartCHDB(t)("ledger")) }

// TestLedgerSharded has the rows on two shards.
func TestLedgerSharded(t *testing.T) {
	servers := startPair(t, false, func(int) string { return "" })
	ledger(t, pairDSN(servers, "ddl=hosts")("ledger"))
}

// TestMigrates opens a database of an older wirespan, whose spans stay and whose tables
// are brought up to date.
func TestMigrates(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	for name, dsn := range map[string]string{"base": sv.DSN("older"), "enhanced": chtest.StartCHDB(t)("older")} {
		t.Run(name, func(t *testing.T) {
			cfg := quick(dsn)
			s := mustOpen(t, cfg)
			if err := s.Write(t.Context(), sampleSpans(1, 20)); err != nil {
				t.Fatal(err)
			}
			for _, statement := range []string{
				"DROP TABLE older.news", "DROP TABLE older.departures", "DROP TABLE older.servers", "DROP TABLE older.schema_versions",
				"CREATE TABLE older.schema_versions (version UInt32, flavour String, applied DateTime) ENGINE = MergeTree ORDER BY version",
				"INSERT INTO older.schema_versions SELECT toUInt32(1), " + quote(name) + ", now()",
			} {
				if err := s.conn.Exec(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			s = mustOpen(t, cfg)
			defer s.Close(t.Context())
			if n := countSpans(t, s); n != 20 {
				t.Errorf("%d spans", n)
			}
			v, err := s.schema.version(t.Context(), s.conn)
			if err != nil || v != 2 {
				t.Errorf("schema %d, %v", v, err)
			}
			if _, err := s.OpenLedger(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Write(t.Context(), sampleSpans(2, 5)); err != nil {
				t.Error(err)
			}
			if n, err := count(t.Context(), s.conn, "SELECT uniqExact(trace) FROM older.news"); err != nil || n != 5 {
				t.Errorf("news of %d traces, %v", n, err)
			}
		})
	}
}
