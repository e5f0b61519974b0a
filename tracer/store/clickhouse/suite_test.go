package clickhouse

import (
	"context"
	"testing"

	"github.com/wirespan/wirespan/tracer/store"
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
	sv := newServer(t)
	sv.start(t, "")
	storetest.Run(t, opener(sv.dsn))
	if t.Failed() {
		t.Logf("server:\n%s", sv.errors())
	}
}
