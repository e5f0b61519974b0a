package record

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// Files is a Sink that writes a ring of pcapng files.
type Files struct {
	cfg  FilesConfig
	free chan *chunk // buffers that are empty
	full chan *chunk // buffers for the writer; it has room for all
	done chan struct{}

	mu      sync.Mutex // taken once per batch
	cur     *chunk     // being filled, may be nil
	names   pointNames
	periods periods
	rotate  int64 // packet time of a period that cur does not know of, 0 none
	closed  bool

	ended    atomic.Bool
	counters fileCounters
	err      error // of the writer, valid after done
}

// fileCounters are what FileStats is made of.
type fileCounters struct {
	packets, bytes, files, failures  atomic.Uint64
	lostBuffer, lostWrite, lostBytes atomic.Uint64
}

// FileStats counts what a recording kept and lost so far.
type FileStats struct {
	Packets    uint64 // in files
	Bytes      uint64 // that files took
	Files      uint64 // that were opened
	Failures   uint64 // times that writing began to fail
	LostBuffer uint64 // packets lost because the disk was slower than the capture
	LostWrite  uint64 // packets lost because a file could not be opened or written
	LostBytes  uint64 // captured bytes of both
}

// Lost is the number of packets that are in no file.
func (s FileStats) Lost() uint64 { return s.LostBuffer + s.LostWrite }

// OpenFiles opens the first file and starts the goroutine that writes. It
// fails where the first file cannot be opened; later failures are counted.
func OpenFiles(cfg FilesConfig) (*Files, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := cfg.Buffer / chunkSize
	f := &Files{cfg: cfg, free: make(chan *chunk, n), full: make(chan *chunk, n), done: make(chan struct{})}
	f.periods.length = int64(cfg.Period / time.Second)
	if !cfg.Start.IsZero() {
		f.periods.from, f.periods.begun = cfg.Start.Unix(), true
	}
	w, err := newRing(&f.cfg, &f.counters)
	if err != nil {
		return nil, fmt.Errorf("record packets: %w", err)
	}
	for range n {
		f.free <- &chunk{}
	}
	go f.write(w)
	return f, nil
}

// Put meets Sink.
func (f *Files) Put(batch []capture.Packet, points []capture.Point) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.ended.Load() {
		return 0
	}
	n := len(batch)
	taps := tapNumbers{names: &f.names, points: points}
	starved := false // no buffer is free: this batch does not ask again
	for i := range batch {
		p := &batch[i]
		if f.periods.due(p.Time) {
			if f.cfg.Size == 0 && f.cfg.Count > 0 && f.periods.passed >= f.cfg.Count {
				f.ended.Store(true)
				n = i
				break
			}
			f.rotate = p.Time
		}
		if starved || !f.ready(len(p.Data)) {
			starved = true
			f.counters.lostBuffer.Add(1)
			f.counters.lostBytes.Add(uint64(len(p.Data)))
			continue
		}
		s := slot{packet: *p, point: taps.number(p.Tap)}
		f.cur.buf = s.append(f.cur.buf, nil, len(p.Data))
	}
	if f.cur != nil && (f.cfg.Immediate || len(f.full) == 0) {
		f.hand()
	}
	return n
}

// Ended meets Sink: -W files of -G are full.
func (f *Files) Ended() bool { return f.ended.Load() }

// ready makes room in cur for a packet, and for the mark of a period before it.
func (f *Files) ready(size int) bool {
	if f.cur != nil && !f.cur.room(size+slotHead) {
		f.hand()
	}
	if f.cur == nil {
		select {
		case f.cur = <-f.free:
			if f.cur.buf == nil { // memory comes with the need
				f.cur.buf = make([]byte, 0, chunkSize)
			}
			f.cur.buf = f.cur.buf[:0]
		default:
			return false
		}
	}
	if !f.cur.room(size + slotHead) {
		return false // larger than any packet of a capture
	}
	if f.rotate != 0 {
		mark := slot{packet: capture.Packet{Time: f.rotate}, kind: slotRotate}
		f.cur.buf = mark.append(f.cur.buf, nil, 0)
		f.rotate = 0
	}
	return true
}

// hand gives cur to the writer.
func (f *Files) hand() {
	f.cur.names = f.names.names
	f.full <- f.cur // there is room for every chunk
	f.cur = nil
}

// write is the goroutine that writes.
func (f *Files) write(w *ring) {
	defer close(f.done)
	for c := range f.full {
		w.chunk(c)
		f.free <- c
	}
	f.err = w.close()
}

// Stats counts; it may be called at any time.
func (f *Files) Stats() FileStats {
	c := &f.counters
	return FileStats{
		Packets: c.packets.Load(), Bytes: c.bytes.Load(), Files: c.files.Load(), Failures: c.failures.Load(),
		LostBuffer: c.lostBuffer.Load(), LostWrite: c.lostWrite.Load(), LostBytes: c.lostBytes.Load(),
	}
}

// Close writes what is buffered and closes the file. It returns the error of
// the last file, or that of ctx if the disk does not answer until then. Put
// takes nothing afterwards.
func (f *Files) Close(ctx context.Context) error {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		if f.cur != nil {
			f.hand()
		}
		close(f.full)
	}
	f.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("close recording: %w", ctx.Err())
	}
}
