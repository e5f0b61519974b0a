package local

import (
	"container/list"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// place is a block of a partition.
type place struct {
	part  uint64
	block uint32
}

// decoded is a block that was read, with the rows of its keys once they were asked
// for.
type decoded struct {
	cols *block.Columns
	once sync.Once
	keys []keyRow // by row
}

// cache keeps the blocks that were read last.
type cache struct {
	mu    sync.Mutex
	max   int64
	bytes int64
	byAge list.List // of *cached, the latest first
	at    map[place]*list.Element
}

type cached struct {
	place place
	block *decoded
	size  int64
}

func (c *cache) get(p place) *decoded {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[p]
	if e == nil {
		return nil
	}
	c.byAge.MoveToFront(e)
	return e.Value.(*cached).block
}

func (c *cache) put(p place, d *decoded) {
	// Keys and marks come later; they are counted beforehand.
	size := d.cols.Size() + int64(d.cols.Len())*200
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[p] != nil {
		return
	}
	c.at[p] = c.byAge.PushFront(&cached{p, d, size})
	c.bytes += size
	for c.bytes > c.max && c.byAge.Len() > 1 {
		old := c.byAge.Remove(c.byAge.Back()).(*cached)
		delete(c.at, old.place)
		c.bytes -= old.size
	}
}

// errGone says that a block is not there any more: its partition was dropped.
var errGone = errors.New("local: block is gone")

// load reads a block.
func (s *Store) load(at place) (*decoded, error) {
	if d := s.cache.get(at); d != nil {
		return d, nil
	}
	v, closer, err := s.db.Get(key(keyBlock, at.part, uint64(at.block)))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, errGone
	}
	if err != nil {
		return nil, s.damaged(at, err)
	}
	cols, err := s.code.Decode(v)
	closer.Close()
	if err != nil {
		return nil, s.damaged(at, err)
	}
	d := &decoded{cols: cols}
	s.cache.put(at, d)
	return d, nil
}

// damaged tells of a block that cannot be read, once. Others can.
func (s *Store) damaged(at place, err error) error {
	err = fmt.Errorf("local: block %d of partition %d: %w", at.block, at.part, err)
	s.mu.Lock()
	told := s.bad[at]
	if !told && len(s.bad) < maxNotes {
		s.bad[at] = true
		s.noteLocked(err.Error())
	}
	s.mu.Unlock()
	if !told {
		s.log.Error("store has a damaged block", "error", err)
	}
	return err
}

// rows are those of the block that have one of the hashes, which are sorted.
func (d *decoded) rows(wanted []uint64) []uint32 {
	d.once.Do(d.index)
	return rowsOf(d.keys, wanted)
}

func order(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (d *decoded) index() {
	d.keys = make([]keyRow, 0, 8*d.cols.Len())
	d.cols.Keys(func(row int, k store.Key) { d.keys = append(d.keys, keyRow{index.Hash(k), uint32(row)}) })
}

// rowsOf are the rows, in order, that have one of the hashes, which are sorted. A list
// of keys is looked through once: that is sooner done than sorting it.
func rowsOf(hashes []keyRow, wanted []uint64) []uint32 {
	const bits = 12 // of a hash, which tell most of those that are not wanted
	var may [1 << bits / 64]uint64
	for _, h := range wanted {
		may[h>>(64-bits+6)] |= 1 << (h >> (64 - bits) % 64)
	}
	var rows []uint32
	for _, k := range hashes {
		if may[k.hash>>(64-bits+6)]>>(k.hash>>(64-bits)%64)&1 == 0 {
			continue
		}
		if _, ok := slices.BinarySearch(wanted, k.hash); ok && (len(rows) == 0 || rows[len(rows)-1] != k.row) {
			rows = append(rows, k.row)
		}
	}
	return rows
}
