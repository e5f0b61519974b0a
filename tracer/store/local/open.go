package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/wirespan/wirespan/tracer/store/local/block"
)

// spansDir is the directory of the database within that of the store.
const spansDir = "spans"

// repairFile asks for a repair at the next start.
const repairFile = "REPAIR"

// Open opens the store in a directory, or makes one in an empty directory. What a
// crash tore is repaired, and told by Stats.
func Open(ctx context.Context, dir string, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{cfg: cfg, dir: dir, log: log, wake: make(chan struct{}, 1), syncs: make(chan chan error), keep: make(chan struct{}, 1)}
	s.room.L = &s.mu
	s.fs = &disk{FS: vfs.Default, full: func(err error) { s.setFull(err.Error()) }}
	s.cache.max = cfg.Memory / 3
	var err error
	if s.code, err = block.NewDecoder(); err != nil {
		return nil, err
	}
	if err := s.openOrRepair(ctx); err != nil {
		s.code.Close()
		return nil, err
	}
	enc, err := block.NewEncoder()
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.done.Add(3)
	go (&sealer{s: s, enc: enc, part: block.NewBuilder()}).run(run)
	go s.keeper(run)
	go s.watch(run)
	return s, nil
}

// openOrRepair opens the database and reads what is in it; if it is damaged, what
// can be read of it is put into a new one.
func (s *Store) openOrRepair(ctx context.Context) error {
	if err := s.finishRepair(); err != nil {
		return fmt.Errorf("repair store: %w", err)
	}
	asked := false
	if _, err := os.Stat(filepath.Join(s.dir, repairFile)); err == nil {
		asked = true
	}
	if !asked {
		err := s.checkLogs(ctx)
		if err == nil {
			err = s.openAndLoad(ctx)
		}
		if err == nil || !repairable(err) {
			return err
		}
		s.note("the store is damaged: %v", err)
	}
	if err := s.repair(ctx); err != nil {
		return fmt.Errorf("repair store: %w", err)
	}
	if err := s.openAndLoad(ctx); err != nil {
		return fmt.Errorf("open repaired store: %w", err)
	}
	return nil
}

// repairable tells damage from what has other reasons: another process, rights, a
// full disk, too many open files, a newer database.
func repairable(err error) bool {
	var errno syscall.Errno
	switch {
	case errors.Is(err, errInUse), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &errno):
		return errno == syscall.ENOENT
	}
	return !strings.Contains(err.Error(), "unknown format major version")
}

var errInUse = errors.New("another process has it open")

func (s *Store) openAndLoad(ctx context.Context) error {
	db, err := openPebble(filepath.Join(s.dir, spansDir), s)
	if err != nil {
		return err
	}
	s.db = db
	if err := s.read(ctx); err != nil {
		s.db = nil
		return errors.Join(err, db.Close())
	}
	return nil
}

func openPebble(dir string, s *Store) (*pebble.DB, error) {
	lock, err := pebble.LockDirectory(dir, s.fs)
	if err != nil {
		if mk := s.fs.MkdirAll(dir, 0o700); mk != nil {
			return nil, fmt.Errorf("open store %s: %w", s.dir, mk)
		}
		if lock, err = pebble.LockDirectory(dir, s.fs); err != nil {
			if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) || noRoom(err) {
				return nil, fmt.Errorf("open store %s: %w", s.dir, err)
			}
			return nil, fmt.Errorf("open store %s: %w", s.dir, inUse(dir, err))
		}
	}
	db, err := pebble.Open(dir, s.options(lock))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", s.dir, err), lock.Close())
	}
	s.lock = lock
	s.bytes.Store(int64(db.Metrics().DiskSpaceUsage()))
	return db, nil
}

// options are those of the database. Blocks are compressed already; keys and the
// rest are small.
func (s *Store) options(lock *pebble.Lock) *pebble.Options {
	o := &pebble.Options{
		FS: s.fs, Lock: lock, Logger: logger{s.log},
		FormatMajorVersion:          pebble.FormatValueSeparation,
		CacheSize:                   s.cfg.Memory / 4,
		MemTableSize:                uint64(s.memTable()),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               256 << 20,
		WALBytesPerSync:             512 << 10,
		BytesPerSync:                512 << 10,
		FlushDelayDeleteRange:       5 * time.Second,
		EventListener: &pebble.EventListener{
			BackgroundError: s.backgroundError,
			DataCorruption:  func(i pebble.DataCorruptionInfo) { s.askRepair(fmt.Errorf("file %s: %w", i.Path, i.Details)) },
		},
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	return o
}

// memTable is the size of what is flushed at once, in bytes.
func (s *Store) memTable() int64 { return min(64<<20, max(1<<20, s.cfg.Memory/16)) }

// backgroundError hears of flushes and compactions that failed. Pebble tries again at
// once; it need not try more often than others make room.
func (s *Store) backgroundError(err error) {
	switch {
	case noRoom(err):
		s.setFull(err.Error())
	case pebble.IsCorruptionError(err):
		s.askRepair(err)
	default:
		s.log.Error("store cannot compact", "error", err)
	}
	time.Sleep(retryEvery)
}

// askRepair has the store repaired at the next start.
func (s *Store) askRepair(err error) {
	if s.asked.Swap(true) {
		return
	}
	s.log.Error("store is damaged and will be repaired at the next start; what can be read is read", "error", err)
	if err := writeWhole(filepath.Join(s.dir, repairFile), err.Error()+"\n"); err != nil {
		s.log.Error("store cannot ask for repair", "error", err)
	}
}

// logger is Pebble's. Its messages are not for operators.
type logger struct{ log *slog.Logger }

func (l logger) Infof(format string, args ...any) { l.log.Debug("pebble", "text", trim(format, args)) }

func (l logger) Errorf(format string, args ...any) {
	l.log.Debug("pebble error", "text", trim(format, args))
}

// Fatalf is called when a write to log or manifest failed for good. What is in memory
// cannot be saved, what is on disk must not be touched further.
func (l logger) Fatalf(format string, args ...any) {
	text := trim(format, args)
	l.log.Error("store failed", "text", text)
	panic("local: " + text)
}

func trim(format string, args []any) string { return strings.TrimSpace(fmt.Sprintf(format, args...)) }
