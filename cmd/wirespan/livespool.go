package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// spoolBytes bounds what waits for a file in a live run.
const spoolBytes = 4 << 20

// spool writes to a file on a goroutine of its own, so that a full pipe or a
// slow disk never holds up the capture. What is written between two commits
// holds whole records and is written, or lost, as a whole. Methods are called
// by one goroutine, but for lost.
type spool struct {
	f     *os.File
	fresh spoolPart // not committed yet

	mu      sync.Mutex
	changed *sync.Cond
	wait    spoolPart // committed, not on its way
	spare   []byte
	closing bool
	patient bool          // refuse waits for room
	done    chan struct{} // closed when the goroutine has ended
	at      int64         // length of a regular file, -1 of anything else
	gone    uint64        // spans that were lost
	err     error         // the first failure
	tell    func(error)   // called with the first failure of a row
	around  func(write func())
	failing bool
}

// spoolPart is bytes, and how many spans they hold.
type spoolPart struct {
	b     []byte
	spans int
}

// newSpool starts writing to f at its present end. around is called with every
// write, so that a status line can make room; tell with what failed.
func newSpool(f *os.File, around func(write func()), tell func(error)) *spool {
	s := &spool{f: f, at: -1, done: make(chan struct{}), around: around, tell: tell}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		if at, err := f.Seek(0, io.SeekEnd); err == nil {
			s.at = at
		}
	}
	s.changed = sync.NewCond(&s.mu)
	go s.run()
	return s
}

// Write keeps b; it neither fails nor waits.
func (s *spool) Write(b []byte) (int, error) {
	s.fresh.b = append(s.fresh.b, b...)
	return len(b), nil
}

// refuse reports whether there is no room, and counts the spans that are
// therefore not written.
func (s *spool) refuse(spans int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.wait.b) >= spoolBytes {
		if !s.patient {
			s.gone += uint64(spans)
			return true
		}
		s.changed.Wait()
	}
	return false
}

// await lets refuse wait for room from now on, until ctx ends: the capture has
// ended, so that nothing is held up.
func (s *spool) await(ctx context.Context) {
	set := func(patient bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.patient = patient
		s.changed.Broadcast()
	}
	set(true)
	context.AfterFunc(ctx, func() { set(false) })
}

// commit hands on what was written since the last commit.
func (s *spool) commit(spans int) {
	s.fresh.spans += spans
	if len(s.fresh.b) == 0 {
		return // the spans are still in an encoder
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wait.b) == 0 { // the usual case: three buffers go round
		s.wait, s.fresh = s.fresh, spoolPart{b: s.wait.b}
	} else {
		s.wait.b = append(s.wait.b, s.fresh.b...)
		s.wait.spans += s.fresh.spans
		s.fresh = spoolPart{b: s.fresh.b[:0]}
	}
	s.changed.Broadcast()
}

// run writes what is committed until close.
func (s *spool) run() {
	defer close(s.done)
	for {
		p, ok := s.next()
		if !ok {
			return
		}
		var err error
		if s.around != nil {
			s.around(func() { err = s.write(p.b) })
		} else {
			err = s.write(p.b)
		}
		s.written(p, err)
	}
}

func (s *spool) next() (spoolPart, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.wait.b) == 0 {
		if s.closing {
			return spoolPart{}, false
		}
		s.changed.Wait()
	}
	p := s.wait
	s.changed.Broadcast()
	s.wait, s.spare = spoolPart{b: s.spare[:0]}, nil // which is nil only before the first part was written
	return p, true
}

// write writes a part; of one that fails nothing stays in a regular file, so
// that what comes later is not behind half a record.
func (s *spool) write(b []byte) error {
	n, err := s.f.Write(b)
	switch {
	case s.at < 0:
	case err == nil:
		s.at += int64(n)
	case n > 0:
		if e := s.f.Truncate(s.at); e == nil {
			_, _ = s.f.Seek(s.at, io.SeekStart)
		}
	}
	return err
}

func (s *spool) written(p spoolPart, err error) {
	s.mu.Lock()
	s.spare = p.b
	s.changed.Broadcast()
	first := err != nil && !s.failing
	s.failing = err != nil
	if err != nil {
		s.gone += uint64(p.spans)
		if s.err == nil {
			s.err = err
		}
	}
	s.mu.Unlock()
	if first && s.tell != nil {
		s.tell(fmt.Errorf("write %s: %w", s.f.Name(), err))
	}
}

// lost tells how many spans were not written.
func (s *spool) lost() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// close writes what waits, until ctx ends; what is left then is lost.
func (s *spool) close(ctx context.Context) {
	s.commit(0)
	s.mu.Lock()
	s.closing = true
	s.changed.Broadcast()
	s.mu.Unlock()
	select {
	case <-s.done:
	case <-ctx.Done():
		s.mu.Lock()
		s.gone += uint64(s.wait.spans)
		s.mu.Unlock()
	}
}
