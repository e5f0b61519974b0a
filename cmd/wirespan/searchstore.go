package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
)

// storeMark is the file that every embedded store has (tracer/store/local).
const storeMark = "FORMAT"

// openLocalToRead opens a store that nobody else has open, without a bound of age or
// size, so that nothing leaves it. It makes none.
func openLocalToRead(ctx context.Context, dir string, log *slog.Logger) (store.Store, error) {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such directory")
	case err != nil:
		return nil, err
	case !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == storeMark }):
		return nil, errors.New("is no store of wirespan")
	}
	return openLocal(ctx, dir, 0, 0, log)
}
