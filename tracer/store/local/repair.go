package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// Directories of a repair, within that of the store: the new database while it is
// filled, and once it is whole; and the damaged files that could not be read.
const (
	repairingDir = "repairing"
	repairedDir  = "repaired"
	damagedDir   = "damaged"
)

// repair reads what can be read of all files of the database, whatever its manifest
// says, into a new one that takes its place. Partitions that were dropped and not yet
// cleared away may come back; they are dropped again.
func (s *Store) repair(ctx context.Context) error {
	old, next := filepath.Join(s.dir, spansDir), filepath.Join(s.dir, repairingDir)
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	lock, err := pebble.LockDirectory(old, s.fs)
	if err != nil {
		return inUse(old, err)
	}
	defer lock.Close()
	r, err := s.newRepair(next)
	if err != nil {
		return err
	}
	err = r.all(ctx, old)
	err = errors.Join(err, r.close())
	if err != nil {
		return err
	}
	s.note("repair: %d blocks, %d fragments and %d aliases were put into a new database", r.blocks, r.fragments, r.aliases)
	return s.exchange(old, next, r.unread)
}

// exchange puts the new database in the place of the old one, and keeps the files
// that could not be read to their ends.
func (s *Store) exchange(old, next string, unread []string) error {
	whole := filepath.Join(s.dir, repairedDir)
	kept := filepath.Join(s.dir, damagedDir, time.Now().UTC().Format("20060102T150405.000000000"))
	if err := os.Rename(next, whole); err != nil {
		return err
	}
	if len(unread) > 0 {
		if err := os.MkdirAll(kept, 0o700); err != nil {
			return err
		}
		for _, name := range unread {
			if err := os.Rename(filepath.Join(old, name), filepath.Join(kept, name)); err != nil {
				return err
			}
		}
		s.note("repair: files that could not be read to the end are kept in %s", kept)
	}
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	return s.finishRepair()
}

// finishRepair ends a repair that was interrupted when all was done.
func (s *Store) finishRepair() error {
	whole := filepath.Join(s.dir, repairedDir)
	if _, err := os.Stat(whole); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(s.dir, spansDir)); err != nil {
		return err
	}
	if err := os.Rename(whole, filepath.Join(s.dir, spansDir)); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.dir, repairFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// repairing is a repair under way.
type repairing struct {
	s     *Store
	db    *pebble.DB
	batch *pebble.Batch
	parts map[uint64]bool // with a record
	first map[uint64]int64
	done  map[place]bool

	blocks, fragments, aliases int
	unread                     []string
	pairs                      []block.Pair
}

func (s *Store) newRepair(dir string) (*repairing, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o := s.options(nil)
	db, err := pebble.Open(dir, o)
	if err != nil {
		return nil, err
	}
	return &repairing{s: s, db: db, batch: db.NewBatch(), parts: map[uint64]bool{}, first: map[uint64]int64{}, done: map[place]bool{}}, nil
}

// maxBatch bounds what a repair holds in memory.
const maxBatch = 4 << 20

// all reads tables, older ones first, then logs.
func (r *repairing) all(ctx context.Context, dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var tables, logs []string
	for _, e := range list {
		switch filepath.Ext(e.Name()) {
		case ".sst":
			tables = append(tables, e.Name())
		case ".log":
			logs = append(logs, e.Name())
		}
	}
	for _, names := range [...][]string{tables, logs} {
		slices.SortFunc(names, byNumber)
		for _, name := range names {
			if err := r.file(ctx, dir, name); err != nil {
				return err
			}
		}
	}
	return r.records()
}

// byNumber orders file names that are numbers of any length.
func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// file reads a file; damage in it is told.
func (r *repairing) file(ctx context.Context, dir, name string) error {
	read := r.table
	if strings.HasSuffix(name, ".log") {
		read = r.logFile
	}
	damage, err := read(ctx, filepath.Join(dir, name))
	if damage != nil {
		r.s.note("repair: %s: %v", name, damage)
		r.unread = append(r.unread, name)
	}
	return err
}

// put takes over what was read of the old database. Indexes are not: they are made
// again.
func (r *repairing) put(k, v []byte) error {
	if len(k) == 0 {
		return nil
	}
	switch {
	case k[0] == keyPartition && len(k) == partLen:
		if _, err := readPartition(partOf(k), v); err != nil {
			return nil // made again
		}
		r.parts[partOf(k)] = true
	case k[0] == keyBlock && len(k) == numberLen:
		return r.block(k, v)
	case k[0] == keyFragment && len(k) == moreLen:
		r.fragments++
	case k[0] == keyAlias && len(k) == aliasLen:
		r.aliases++
	default:
		return nil
	}
	return r.set(k, v)
}

func (r *repairing) set(k, v []byte) error {
	if err := r.batch.Set(k, v, nil); err != nil {
		return err
	}
	if r.batch.Len() < maxBatch {
		return nil
	}
	return r.flush()
}

func (r *repairing) flush() error {
	if err := r.batch.Commit(pebble.NoSync); err != nil {
		return err
	}
	r.batch = r.db.NewBatch()
	return nil
}

// block takes over a block, with a new summary.
func (r *repairing) block(k, v []byte) error {
	at := place{partOf(k), numberOf(k)}
	if r.done[at] {
		return nil
	}
	cols, err := r.s.code.Decode(v)
	if err != nil {
		r.s.note("repair: block %d of partition %d: %v", at.block, at.part, err)
		return nil
	}
	if cols.Len() == 0 {
		return nil
	}
	r.done[at] = true
	r.blocks++
	from, to := slices.Min(cols.Starts), slices.Max(cols.Starts)
	if _, ok := r.first[at.part]; !ok {
		r.first[at.part] = from
	}
	r.pairs = cols.Pairs(r.pairs[:0])
	sum := index.NewSummary(cols.Len(), from, to, int64(len(v)), r.pairs)
	if err := r.set(key(keySummary, at.part, uint64(at.block)), sum.Append(nil)); err != nil {
		return err
	}
	return r.set(k, v)
}

// records writes those of partitions that lost theirs.
func (r *repairing) records() error {
	for id, start := range r.first {
		if r.parts[id] {
			continue
		}
		slot := store.Floor(start, int64(r.s.cfg.Partition))
		p := partition{id: id, from: slot, to: slot + int64(r.s.cfg.Partition)}
		if err := r.set(key(keyPartition, id), p.record()); err != nil {
			return err
		}
	}
	return nil
}

func (r *repairing) close() error {
	err := r.flush()
	if err == nil {
		err = r.db.Flush()
	}
	return errors.Join(err, r.batch.Close(), r.db.Close())
}
