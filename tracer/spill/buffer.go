package spill

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrFull says that the bound leaves no room for a record.
var ErrFull = errors.New("buffer is full")

// Level is what a Buffer holds, and what it lost.
type Level struct {
	Records int
	Spans   int
	Bytes   int64 // of files

	Torn    uint64 // bytes behind the last whole record, found at Open
	Damaged uint64 // segments in which something could not be read
	Lost    uint64 // spans in such segments, as far as it is known
}

// Buffer is a queue of records on disk. Its methods may be called by several
// goroutines; Head and Ack are for one.
type Buffer struct {
	cfg  Config
	lock *os.File
	ack  acked

	mu    sync.Mutex
	segs  []*segment // the oldest first
	w     *os.File   // the newest, for writing; nil: none is begun
	r     *os.File   // the oldest, for reading; nil: not open
	at    int64      // of the next record in the oldest
	next  int64      // behind the record that Head returned last, 0: none
	level Level
	dirty bool
}

// Open opens a directory, which is made if it is not there, and finds what an
// earlier process left. The caller closes it.
func Open(cfg Config) (*Buffer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open buffer: %w", err)
	}
	b := &Buffer{cfg: cfg}
	var err error
	if b.lock, err = lock(cfg.Dir); err != nil {
		return nil, err
	}
	if b.ack, err = openAcked(cfg.Dir); err == nil {
		err = b.recover()
	}
	if err != nil {
		b.release()
		return nil, err
	}
	return b, nil
}

// recover finds the segments that are there.
func (b *Buffer) recover() error {
	list, err := os.ReadDir(b.cfg.Dir) // sorted by name, and so by number
	if err != nil {
		return fmt.Errorf("open buffer: %w", err)
	}
	var numbers []uint64
	for _, e := range list {
		if n, ok := segmentNumber(e.Name()); ok {
			numbers = append(numbers, n)
		}
	}
	done, offset := b.ack.read()
	for i, n := range numbers {
		s := &segment{number: n}
		if n < done {
			_ = os.Remove(s.path(b.cfg.Dir)) // delivered; what stays is delivered again
			continue
		}
		from := int64(len(magic))
		if n == done {
			from = max(from, offset)
		}
		if err := b.adopt(s, from, i == len(numbers)-1); err != nil {
			return err
		}
	}
	return nil
}

// adopt takes a file over that an earlier process wrote.
func (b *Buffer) adopt(s *segment, from int64, newest bool) error {
	f, err := os.OpenFile(s.path(b.cfg.Dir), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open buffer: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open buffer: %w", err)
	}
	first, at, count, spans, err := scan(f, from, st.Size(), newest)
	if err != nil && !errors.Is(err, errRecord) {
		return err
	}
	if err != nil {
		b.level.Torn += uint64(st.Size() - at)
		if !newest {
			b.level.Damaged++
		}
	}
	if count == 0 {
		_ = os.Remove(f.Name())
		return nil
	}
	if at < st.Size() {
		if err := f.Truncate(at); err != nil {
			return fmt.Errorf("open buffer: %w", err)
		}
	}
	s.size, s.count, s.spans = at, count, spans
	if len(b.segs) == 0 {
		b.at = first
	}
	b.segs = append(b.segs, s)
	b.level.Records += count
	b.level.Spans += spans
	b.level.Bytes += at
	return nil
}

// Append adds a record. After an error it was not added, and nothing changed; ErrFull
// is that of the bound.
func (b *Buffer) Append(payload []byte, spans int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	need := recordHead + int64(len(payload))
	if b.level.Bytes+need > b.cfg.Bytes || len(payload) > maxRecord {
		return ErrFull
	}
	s, err := b.newest(need)
	if err != nil {
		return err
	}
	var h [recordHead]byte
	putHead(h[:], payload, spans)
	_, err = b.w.WriteAt(h[:], s.size)
	if err == nil {
		_, err = b.w.WriteAt(payload, s.size+recordHead)
	}
	if err != nil {
		_ = b.w.Truncate(s.size) // else the next record is written over it
		return fmt.Errorf("write buffer: %w", err)
	}
	s.size += need
	s.count++
	s.spans += spans
	b.level.Records++
	b.level.Spans += spans
	b.level.Bytes += need
	b.dirty = true
	return nil
}

// newest returns the segment for a record, begun if need be.
func (b *Buffer) newest(need int64) (*segment, error) {
	if n := len(b.segs); b.w != nil && n > 0 {
		if s := b.segs[n-1]; s.size+need <= b.cfg.segmentBytes() || s.count == 0 {
			return s, nil
		}
	}
	if err := b.closeWriter(); err != nil {
		return nil, err
	}
	number, _ := b.ack.read()
	if n := len(b.segs); n > 0 {
		number = max(number, b.segs[n-1].number)
	}
	s, f, err := newSegment(b.cfg.Dir, number+1)
	if err != nil {
		return nil, err
	}
	if len(b.segs) == 0 {
		b.at = int64(len(magic))
	}
	b.w, b.segs = f, append(b.segs, s)
	b.level.Bytes += s.size
	return s, syncDir(b.cfg.Dir)
}

func (b *Buffer) closeWriter() error {
	if b.w == nil {
		return nil
	}
	err := errors.Join(b.w.Sync(), b.w.Close())
	b.w = nil
	if err != nil {
		return fmt.Errorf("write buffer: %w", err)
	}
	return nil
}

// Head reads the oldest record into buf, which may grow. ok is false when there is
// none. Segments in which it cannot be read are given up, and counted.
func (b *Buffer) Head(buf []byte) (payload []byte, spans int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.segs) > 0 && b.level.Records > 0 {
		s := b.segs[0]
		if s.count == 0 {
			b.drop()
			continue
		}
		var err error
		if b.r == nil {
			b.r, err = os.Open(s.path(b.cfg.Dir))
		}
		if err == nil {
			buf, spans, err = record(b.r, b.at, s.size, buf)
		}
		if err == nil {
			b.next = b.at + recordHead + int64(len(buf))
			return buf, spans, true
		}
		b.level.Damaged++
		b.level.Lost += uint64(s.spans)
		b.level.Records -= s.count
		b.level.Spans -= s.spans
		s.count, s.spans = 0, 0
		b.drop()
	}
	return buf, 0, false
}

// Ack says that the record that Head returned was delivered.
func (b *Buffer) Ack(spans int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == 0 {
		return nil
	}
	s := b.segs[0]
	b.at, b.next = b.next, 0
	s.count--
	s.spans -= spans
	b.level.Records--
	b.level.Spans -= spans
	err := b.ack.write(s.number, b.at)
	if s.count == 0 {
		b.drop()
	}
	return err
}

// drop removes the oldest segment, in which nothing is left.
func (b *Buffer) drop() {
	s := b.segs[0]
	if b.r != nil {
		_ = b.r.Close()
		b.r = nil
	}
	if len(b.segs) == 1 && b.w != nil {
		_ = b.w.Close() // what was in it is of no use any more
		b.w = nil
	}
	_ = b.ack.write(s.number+1, 0)
	_ = os.Remove(s.path(b.cfg.Dir))
	b.level.Bytes -= s.size
	b.segs = b.segs[1:]
	b.at, b.next = int64(len(magic)), 0
}

// Level returns what is kept.
func (b *Buffer) Level() Level {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.level
}

// Sync returns when all records are on disk.
func (b *Buffer) Sync() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.w == nil || !b.dirty {
		return nil
	}
	b.dirty = false
	if err := b.w.Sync(); err != nil {
		return fmt.Errorf("sync buffer: %w", err)
	}
	return nil
}

// Close syncs and releases the directory. What is kept stays.
func (b *Buffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.closeWriter()
	if b.r != nil {
		_ = b.r.Close()
		b.r = nil
	}
	return errors.Join(err, b.release())
}

func (b *Buffer) release() error {
	var errs []error
	if b.ack.f != nil {
		errs = append(errs, b.ack.f.Close())
	}
	return errors.Join(append(errs, b.lock.Close())...)
}
