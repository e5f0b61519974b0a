package main

import (
	"log/slog"

	"github.com/wirespan/wirespan/tracer/store"
)

// openLocalToRead opens a store that nobody else has open, without a bound of age or
// size, so that nothing leaves it.
func openLocalToRead(dir string, log *slog.Logger) (store.Store, error) {
	return openLocal(dir, 0, 0, log)
}
