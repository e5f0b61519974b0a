package local

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config bounds a store.
type Config struct {
	MaxBytes int64         // on disk; beyond it the oldest partition leaves. 0: none
	MaxAge   time.Duration // of spans, since they began or came, whichever is later. 0: none
	Reserve  int64         // bytes of the file system that are left free: below that nothing is written

	Partition  time.Duration // time of a partition; not changed for those that exist
	BlockSpans int           // spans of a block
	RunBlocks  int           // blocks of an index run
	Memory     int64         // bytes for caches and buffers
	SyncEvery  time.Duration // at most that much is lost by a crash

	Log *slog.Logger // nil: none
}

// Default keeps 72 hours, at most 50 GiB.
func Default() Config {
	return Config{
		MaxBytes: 50 << 30, MaxAge: 72 * time.Hour, Reserve: 512 << 20,
		Partition: time.Hour, BlockSpans: 512, RunBlocks: 512, Memory: 256 << 20, SyncEvery: 500 * time.Millisecond,
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("local: %s: %s", key, what))
		}
	}
	need(c.MaxBytes == 0 || c.MaxBytes >= 1<<20, "max-bytes", "must be at least 1 MiB")
	need(c.MaxAge == 0 || c.MaxAge >= time.Minute, "max-age", "must be at least 1m")
	need(c.Reserve >= 0, "reserve", "must not be negative")
	need(c.Partition >= time.Minute, "partition", "must be at least 1m")
	need(c.BlockSpans >= 16 && c.BlockSpans <= 1<<16, "block-spans", "must be from 16 to 65536")
	need(c.RunBlocks >= 1 && c.RunBlocks <= 1<<16, "run-blocks", "must be from 1 to 65536")
	need(c.Memory >= 8<<20, "memory", "must be at least 8 MiB")
	need(c.SyncEvery >= 10*time.Millisecond && c.SyncEvery <= time.Second, "sync-every", "must be from 10ms to 1s")
	return errors.Join(errs...)
}
