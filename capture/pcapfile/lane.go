package pcapfile

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// entryKind says how an entry of a lane is read.
type entryKind uint8

const (
	regularFile entryKind = iota
	blockingFile
	standardInput
	directoryInput
)

// entry is one file that waits to be read.
type entry struct {
	path string
	kind entryKind
}

// followPause is how long a growing file is left alone at its end.
const followPause = 100 * time.Millisecond

// lane is a sequence of files, read one after the other: a rotation, or one
// file. Lanes run beside each other and are merged by time.
type lane struct {
	src     *Source
	point   *point
	order   int // among the lanes, decides between equal times
	waiting []entry
	dir     *directory // watched for new files, nil if it is not
	window  window
	cur     *stream
	close   func() // ends cur

	head [1]capture.Packet // next packet, when the lane is in the heap of the merge
	key  int64             // its place in time
}

// advance puts the next buffered packet into head.
func (l *lane) advance() bool {
	if l.buffered(l.head[:]) == 0 {
		return false
	}
	l.key = max(l.key, l.head[0].Time)
	return true
}

// buffered takes packets from memory. If there is none, fill must be called.
func (l *lane) buffered(dst []capture.Packet) int {
	if l.cur == nil {
		return 0
	}
	n, fault := l.cur.buffered(dst)
	if fault != nil {
		l.src.addFault(fault)
		l.leave()
	}
	if ahead := l.point.ahead; ahead != 0 {
		for i := range dst[:n] {
			if p := &dst[i]; p.Time > max(0, ahead) {
				p.Time -= ahead
			}
		}
	}
	return n
}

// fill makes one step towards the next packet: it reads, or goes to the next
// file. Packets taken before are void. It returns io.EOF behind the last file.
func (l *lane) fill(ctx context.Context) error {
	if l.cur == nil {
		if len(l.waiting) == 0 {
			return io.EOF
		}
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		if err := l.enter(next); err != nil {
			l.src.addFault(openFault(next.path, err))
		}
		return ctx.Err()
	}
	err := l.cur.fill(ctx)
	if err == nil || err == ctx.Err() {
		return err
	}
	if errors.Is(err, os.ErrClosed) {
		return os.ErrClosed
	}
	var fault *Fault
	if errors.As(err, &fault) {
		l.src.addFault(fault)
	}
	l.leave()
	return nil
}

func (l *lane) leave() {
	l.close()
	l.cur, l.close = nil, nil
}

// enter opens a file.
func (l *lane) enter(e entry) error {
	s := l.src
	var in input
	switch e.kind {
	case standardInput:
		if d, ok := s.stdin.(deadliner); ok && !s.opened(deadlineCloser{d}) {
			return os.ErrClosed
		}
		in = newPipeInput(func() (io.Reader, error) { return &counted{s.stdin, &s.read}, nil }, s.done)
		l.close = func() {}
	case blockingFile:
		in = newPipeInput(func() (io.Reader, error) {
			f, err := os.Open(e.path)
			if err == nil && !s.opened(f) {
				err = os.ErrClosed
			}
			if err != nil {
				return nil, err
			}
			return &counted{f, &s.read}, nil
		}, s.done)
		l.close = func() {}
	default:
		f, err := os.Open(e.path)
		if err != nil {
			return err
		}
		if !s.opened(f) {
			return os.ErrClosed
		}
		before := s.read.Load()
		plain, packed, release, err := decompress(&counted{f, &s.read})
		if err != nil {
			s.finished(f)
			return err
		}
		in = &plainInput{r: plain, packed: packed}
		l.close = func() { release(); s.finished(f) }
		if s.follow && len(l.waiting) == 0 && !packed {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				s.finished(f)
				return err
			}
			s.read.Store(before)
			in = &growingInput{f: f, read64: &s.read, done: s.done, pause: followPause, over: l.more}
		}
	}
	l.window.pool = &s.pool
	l.cur = newStream(e.path, in, &l.window, l.point, s)
	return nil
}

// more looks for files that appeared in the directory.
func (l *lane) more(ctx context.Context) bool {
	if l.dir == nil {
		return false
	}
	fresh := l.dir.fresh(ctx, l.src)
	l.waiting = slices.Concat(l.waiting, fresh)
	return len(fresh) > 0
}

// deadliner is met by files that the runtime can wait for.
type deadliner interface{ SetReadDeadline(time.Time) error }

// deadlineCloser ends a read without closing what belongs to someone else.
type deadlineCloser struct{ d deadliner }

func (c deadlineCloser) Close() error { return c.d.SetReadDeadline(time.Unix(1, 0)) }
