package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
)

// openLocal opens the embedded store.
func openLocal(string, time.Duration, int64, *slog.Logger) (store.Store, error) {
	return nil, errors.New("this build has no embedded store")
}
