package local_test

import (
	"context"
	"testing"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// small makes blocks, runs and caches so small that tests see all of them.
func small() local.Config {
	c := local.Default()
	c.MaxAge = 0
	c.BlockSpans, c.RunBlocks, c.Memory, c.Reserve = 64, 4, 16<<20, 0
	return c
}

func open(t testing.TB, dir string, cfg local.Config) *local.Store {
	t.Helper()
	s, err := local.Open(context.Background(), dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	for name, cfg := range map[string]local.Config{"small blocks": small(), "default": local.Default()} {
		cfg.MaxAge, cfg.Reserve = 0, 0
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
				dir := t.TempDir()
				s := open(t, dir, cfg)
				return s, func() store.Store {
					if err := s.Close(context.Background()); err != nil {
						t.Fatal(err)
					}
					s = open(t, dir, cfg)
					return s
				}
			})
		})
	}
}
