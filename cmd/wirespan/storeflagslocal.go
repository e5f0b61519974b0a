package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
)

// openLocal opens the embedded store. 0 bounds nothing.
func openLocal(ctx context.Context, dir string, retention time.Duration, size int64, log *slog.Logger) (store.Store, error) {
	c := local.Default()
	c.MaxAge, c.MaxBytes, c.Log = retention, size, log
	return local.Open(ctx, dir, c)
}
