package pcapfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/wirespan/wirespan/capture"
)

// stream is one capture being read.
type stream struct {
	file   string
	in     input
	window *window
	dec    decoder // nil until the file header was read
	need   int     // bytes that the decoder waits for
	place  placer
	extras extras
}

// newStream begins to read in through w.
func newStream(file string, in input, w *window, place placer, extras extras) *stream {
	w.rewind()
	return &stream{file: file, in: in, window: w, need: 4, place: place, extras: extras}
}

// buffered takes packets from what is in memory. When it gives none, fill
// must be called.
func (s *stream) buffered(dst []capture.Packet) (n int, fault *Fault) {
	w := s.window
	if s.dec == nil || w.blk == nil || w.w-w.r < s.need {
		return 0, nil
	}
	n, need, bad := s.dec.decode(w, dst)
	if need > 0 {
		s.need = need
	} else {
		s.need = 1
	}
	if bad != nil {
		return 0, s.fault(bad)
	}
	return n, nil
}

// fill reads what buffered needs. It returns io.EOF at the proper end of the
// stream, a *Fault for an improper one, or ctx.Err().
func (s *stream) fill(ctx context.Context) error {
	if s.dec == nil {
		return s.begin(ctx)
	}
	err := s.window.fill(ctx, s.in, s.need)
	if err == nil || err == ctx.Err() {
		return err
	}
	return s.end(err)
}

// end makes a Fault of the end of the input unless it is at its place.
func (s *stream) end(err error) error {
	rest := s.window.w - s.window.r
	what, offset := s.dec.record(s.window)
	switch {
	case err != io.EOF:
		return s.fault(&damage{what, offset, reasonOf(s.file, err)}).because(err)
	case !s.dec.idle():
		return s.fault(&damage{what, offset, "file ends within the block"})
	case rest > 0:
		return s.fault(&damage{
			what, offset,
			fmt.Sprintf("file ends within the record (has %d of %d bytes)", rest, s.need),
		})
	}
	return io.EOF
}

// begin reads the file header.
func (s *stream) begin(ctx context.Context) error {
	w := s.window
	if err := w.fill(ctx, s.in, s.need); err != nil {
		if err == ctx.Err() {
			return err
		}
		return s.headless(err)
	}
	if binary.BigEndian.Uint32(w.bytes()) == magicSection {
		s.dec, s.need = newPcapng(s.place, s.extras), blockMin
		return nil
	}
	if !isCapture(w.bytes()) {
		// More of the start tells more; how much there is does not matter.
		if err := w.fill(ctx, s.in, sniffLen); err != nil && err == ctx.Err() {
			return err
		}
		return s.headless(recognise(s.file, w.bytes()[:min(sniffLen, w.w-w.r)]))
	}
	d, need, bad := newPcap(w, s.place)
	switch {
	case bad != nil:
		return s.fault(bad)
	case need > 0:
		s.need = need
		return nil
	}
	s.dec, s.need = d, pcapRecord
	return nil
}

// headless makes a Fault of a stream without a file header.
func (s *stream) headless(err error) error {
	have := s.window.w - s.window.r
	switch {
	case err == io.EOF && have == 0:
		return s.fault(&damage{reason: "file is empty"})
	case err == io.EOF && (have < 4 || s.need == 4):
		err = recognise(s.file, s.window.bytes())
	case err == io.EOF:
		return s.fault(&damage{"file header", 0, fmt.Sprintf("file ends within it (has %d of %d bytes)", have, s.need)})
	}
	return s.fault(&damage{reason: reasonOf(s.file, err)}).because(err)
}

func (s *stream) fault(bad *damage) *Fault {
	return &Fault{File: s.file, Record: bad.record, Offset: bad.offset, Reason: bad.reason, Compressed: s.in.compressed()}
}

func (f *Fault) because(err error) *Fault {
	if !errors.Is(err, io.EOF) {
		f.Err = err
	}
	return f
}
