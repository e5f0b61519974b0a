package sys

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// recordMagic begins a file of recorded events; behind it they follow each other,
// encoded, with real times.
const recordMagic = "wirespan sys 1\n"

// Recorder writes events to a file that Replay reads.
type Recorder struct {
	w   *bufio.Writer
	buf []byte
}

// NewRecorder begins a recording on w.
func NewRecorder(w io.Writer) (*Recorder, error) {
	r := &Recorder{w: bufio.NewWriter(w)}
	if _, err := r.w.WriteString(recordMagic); err != nil {
		return nil, fmt.Errorf("begin recording of events: %w", err)
	}
	return r, nil
}

// Write records events.
func (r *Recorder) Write(events []Event) error {
	for i := range events {
		r.buf = events[i].Append(r.buf[:0])
		if _, err := r.w.Write(r.buf); err != nil {
			return fmt.Errorf("record event: %w", err)
		}
	}
	return nil
}

// Close writes what is left; it does not close what lies below.
func (r *Recorder) Close() error {
	if err := r.w.Flush(); err != nil {
		return fmt.Errorf("end recording of events: %w", err)
	}
	return nil
}

// Replay is a Source of recorded events. It never waits.
type Replay struct {
	r       *bufio.Reader
	tier    Tier
	buf     [EventSize]byte
	read    atomic.Uint64
	garbled atomic.Uint64
	closed  atomic.Bool
}

// NewReplay reads a recording that was made with a tier.
func NewReplay(r io.Reader, tier Tier) (*Replay, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	magic := make([]byte, len(recordMagic))
	if _, err := io.ReadFull(b, magic); err != nil || string(magic) != recordMagic {
		return nil, fmt.Errorf("read recording of events: it does not begin with %q", recordMagic)
	}
	return &Replay{r: b, tier: tier}, nil
}

// Read, see Source. Events of a version that is not known are counted and left
// out; a recording that ends within an event ends there, with
// io.ErrUnexpectedEOF.
func (p *Replay) Read(ctx context.Context, dst []Event) (n int, err error) {
	if len(dst) == 0 {
		return 0, nil
	}
	for n < len(dst) && err == nil {
		switch {
		case p.closed.Load():
			err = io.EOF
		case ctx.Err() != nil:
			err = ctx.Err()
		default:
			if _, err = io.ReadFull(p.r, p.buf[:]); err != nil {
				break
			}
			if Decode(p.buf[:], &dst[n]) {
				n++
			} else {
				p.garbled.Add(1)
			}
		}
	}
	p.read.Add(uint64(n))
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // the next call says so
	}
	return n, err
}

// Stats, see Source.
func (p *Replay) Stats() (Stats, error) {
	read, garbled := p.read.Load(), p.garbled.Load()
	return Stats{Seen: read + garbled, Emitted: read + garbled, Garbled: garbled, Read: read}, nil
}

// Tier, see Source.
func (p *Replay) Tier() Tier { return p.tier }

// Close, see Source.
func (p *Replay) Close() error {
	p.closed.Store(true)
	return nil
}
