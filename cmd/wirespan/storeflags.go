package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// storeFlags say where spans are kept.
type storeFlags struct {
	dir        string
	clickhouse string
	retention  time.Duration
	size       string
}

// Defaults of a store.
const (
	defaultRetention = 7 * 24 * time.Hour
	defaultStoreSize = "20GiB"
)

// addStore defines the flags of a store in a directory.
func (s *storeFlags) addStore(f *pflag.FlagSet, retention time.Duration) {
	f.StringVar(&s.dir, "store", "", "keep spans in directory `DIR`")
	f.DurationVar(&s.retention, "retention", retention, "spans in the store that began longer ago leave (0: none)")
	f.StringVar(&s.size, "store-size", defaultStoreSize, "`SIZE` of the store; beyond it the oldest spans leave (0: no bound)")
}

// addClickHouse defines the flag of a store elsewhere.
func (s *storeFlags) addClickHouse(f *pflag.FlagSet) {
	f.StringVar(&s.clickhouse, "clickhouse", "", "keep spans in the ClickHouse at `DSN`: clickhouse://user:password@host:9000/database, with cluster=NAME for one")
}

// openedStore is a store, and what to call it.
type openedStore struct {
	store.Store
	name string // without secrets
	kept bool   // what is in it is there after a restart
	dir  string // of an embedded one, else empty
}

// open opens the store; without flags it is in memory.
func (s *storeFlags) open(ctx context.Context, log *slog.Logger) (*openedStore, error) {
	size, err := sizeOf("--store-size", s.size)
	switch {
	case err != nil:
		return nil, usage(err)
	case size < 0 || s.retention < 0:
		return nil, usage(errors.New("--store-size, --retention: want 0 or more"))
	case s.dir != "" && s.clickhouse != "":
		return nil, usage(errors.New("--store and --clickhouse exclude each other"))
	case s.clickhouse != "":
		c := clickhouse.Default(s.clickhouse)
		c.Retention, c.MaxBytes, c.Log = s.retention, int64(size), log
		st, err := clickhouse.Open(ctx, c)
		if err != nil {
			return nil, &statusError{exitPartial, fmt.Errorf("--clickhouse: %w", err)}
		}
		return &openedStore{st, "ClickHouse", true, ""}, nil
	case s.dir != "":
		st, err := openLocal(ctx, s.dir, s.retention, int64(size), log)
		if err != nil {
			return nil, &statusError{exitPartial, fmt.Errorf("--store %s: %w", s.dir, err)}
		}
		return &openedStore{st, s.dir, true, s.dir}, nil
	}
	st, err := memory.New(memory.Default())
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &openedStore{st, "memory", false, ""}, nil
}
