package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
)

// Store keeps spans in a directory. It is safe for concurrent use.
type Store struct {
	cfg  Config
	dir  string
	log  *slog.Logger
	fs   *disk
	db   *pebble.DB
	lock *pebble.Lock
	code *block.Decoder

	mu     sync.Mutex
	room   sync.Cond // of mu: a full block was sealed
	parts  map[uint64]*partition
	slots  map[int64]*partition // by beginning: that to which spans go
	last   uint64               // id of the newest partition
	queue  []*tail              // full blocks, in the order in which they are sealed
	spare  []spare
	keys   []store.Key // scratch of Write
	closed bool
	counts struct{ written, refused, expired uint64 }
	notes  []string       // repairs, damage
	bad    map[place]bool // damaged blocks that were told

	full     atomic.Pointer[string] // why nothing is written
	asked    atomic.Bool            // for a repair at the next start
	unsynced atomic.Bool            // aliases were written since the last sync
	wake     chan struct{}          // to the sealer: a block is full
	syncs    chan chan error        // to the sealer: all that was written shall be on disk
	keep     chan struct{}          // to the keeper: blocks want an index
	bytes    atomic.Int64           // on disk, as Pebble says
	users    sync.WaitGroup         // readers within the database; under mu while it is not closed
	stop     context.CancelFunc
	done     sync.WaitGroup
	cache    cache

	keeping        sync.Mutex // one at a time indexes and drops
	aliasesDropped time.Time  // of keeping
}

var _ store.Store = (*Store)(nil)

var errClosed = errors.New("local: store is closed")

// maxQueue bounds the full blocks that wait to be sealed; writers wait for room.
const maxQueue = 4

// maxOpen bounds the partitions that have an open block.
const maxOpen = 12

// maxPartitions bounds the partitions; spans of further times share one.
const maxPartitions = 1 << 14

// maxNotes bounds what Stats tells of repairs and damage.
const maxNotes = 100

// note keeps a word on damage or repair, and logs it, once.
func (s *Store) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.mu.Lock()
	told := slices.Contains(s.notes, text) || len(s.notes) >= maxNotes
	s.noteLocked(text)
	s.mu.Unlock()
	if !told {
		s.log.Warn("store repaired or damaged", "what", text)
	}
}

func (s *Store) noteLocked(text string) {
	if len(s.notes) < maxNotes && !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}

// Stats counts what is kept.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	if err := ctx.Err(); err != nil {
		return store.Stats{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.Stats{}, errClosed
	}
	st := store.Stats{
		Bytes: s.bytes.Load(), Written: s.counts.written, Refused: s.counts.refused, Expired: s.counts.expired,
		Repairs: append([]string(nil), s.notes...),
	}
	if why := s.full.Load(); why != nil {
		st.Full = *why
	}
	first := true
	for _, p := range s.parts {
		st.Spans += p.spans
		if p.spans > 0 && (first || p.min < st.Oldest) {
			st.Oldest, first = p.min, false
		}
	}
	return st, nil
}

// enter keeps the database open until leave is called.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.users.Add(1)
	return nil
}

func (s *Store) leave() { s.users.Done() }

// Close waits for those who read, syncs, and releases everything. When there is no room to sync, what is not on
// disk is lost, and said in the error.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.room.Broadcast()
	s.mu.Unlock()
	if s.fs.stuck() {
		// Pebble waits for room within its log. It is left as it is after a crash.
		s.stop()
		return fmt.Errorf("close store: %w: what was not synced is lost", store.ErrFull)
	}
	err := s.syncNow(ctx)
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.done.Wait()
		s.users.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("close store: %w", ctx.Err()))
	}
	s.code.Close()
	return errors.Join(err, s.db.Close(), s.lock.Close())
}
