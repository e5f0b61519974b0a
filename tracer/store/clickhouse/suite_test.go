package clickhouse

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// opener opens a database per test.
func opener(dsn func(database string) string) storetest.Open {
	return func(t *testing.T) (store.Store, func() store.Store) {
		cfg := quick(dsn(database(t)))
		s := mustOpen(t, cfg)
		return s, func() store.Store {
			if err := s.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			s = mustOpen(t, cfg)
			return s
		}
	}
}

func mustOpen(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuiteBase(t *testing.T) {
	sv := chtest.New(t)
	sv.Start(t, "")
	storetest.Run(t, opener(sv.DSN))
	if t.Failed() {
		t.Logf("server:\n%s", sv.Errors())
	}
}

func TestSuiteEnhanced(t *testing.T) {
	storetest.Run(t, opener(chtest.StartCHDB(t)))
}

// quick is a configuration for tests: what is written goes at once.
func quick(dsn string) Config {
	cfg := Default(dsn)
	cfg.BatchDelay = time.Millisecond
	return cfg
}

// database is a name that other tests do not use.
func database(t *testing.T) string {
	return "t_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(t.Name()))
}
