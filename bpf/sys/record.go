package sys

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
)

// recordMagic begins a file of recorded events. Behind it are lines of a header,
// each a key and a value, and an empty line; then events follow each other,
// encoded, with real times. Files of version 1 have no header.
const (
	recordMagic  = "wirespan sys 2\n"
	recordMagic1 = "wirespan sys 1\n"
)

// Bounds of a header.
const (
	maxHeaderLines = 16
	maxHeaderLine  = 1024
)

// Origin says where recorded events come from.
type Origin struct {
	Tier  Tier
	Agent string // name of the instance that recorded; "" unknown
}

// Recorder writes events to a file that Replay reads.
type Recorder struct {
	w   *bufio.Writer
	buf []byte
}

// NewRecorder begins a recording on w.
func NewRecorder(w io.Writer, o Origin) (*Recorder, error) {
	r := &Recorder{w: bufio.NewWriter(w)}
	if _, err := fmt.Fprintf(r.w, "%stier %s\nagent %.512q\n\n", recordMagic, o.Tier, o.Agent); err != nil {
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
	origin  Origin
	buf     [EventSize]byte
	read    atomic.Uint64
	garbled atomic.Uint64
	closed  atomic.Bool
}

// NewReplay reads a recording.
func NewReplay(r io.Reader) (*Replay, error) {
	p := &Replay{r: bufio.NewReaderSize(r, 64<<10), origin: Origin{Tier: Sock}}
	magic := make([]byte, len(recordMagic))
	_, err := io.ReadFull(p.r, magic)
	switch {
	case err == nil && string(magic) == recordMagic1:
		return p, nil
	case err != nil || string(magic) != recordMagic:
		return nil, fmt.Errorf("read recording of events: it does not begin with %q", recordMagic)
	}
	if err := p.header(); err != nil {
		return nil, fmt.Errorf("read recording of events: %w", err)
	}
	return p, nil
}

// header reads the header; keys that are not known are passed over.
func (p *Replay) header() error {
	for range maxHeaderLines {
		line, err := p.r.ReadSlice('\n')
		if err != nil || len(line) > maxHeaderLine {
			return errors.Join(errors.New("damaged header"), err)
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		switch key {
		case "":
			return nil
		case "tier":
			if p.origin.Tier, err = ParseTier(value); err != nil {
				return err
			}
		case "agent":
			if p.origin.Agent, err = strconv.Unquote(value); err != nil {
				return fmt.Errorf("agent %s: %w", value, err)
			}
		}
	}
	return errors.New("the header has no end")
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
func (p *Replay) Tier() Tier { return p.origin.Tier }

// Agent is the name of the instance that recorded, "" if unknown.
func (p *Replay) Agent() string { return p.origin.Agent }

// Close, see Source.
func (p *Replay) Close() error {
	p.closed.Store(true)
	return nil
}
