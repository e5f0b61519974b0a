package otlp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/wirespan/wirespan/tracer/span"
)

// Format is the form of a File.
type Format uint8

const (
	// JSONLines is one ExportTraceServiceRequest in OTLP/JSON per line, as the
	// Collector's file exporter writes and its otlpjsonfile receiver reads.
	JSONLines Format = iota
	// Delimited is, per message, its length as a varint and the protobuf bytes
	// of a TracesData (protodelim, writeDelimitedTo).
	Delimited
)

// errFileClosed is what a File says after Close.
var errFileClosed = errors.New("write spans: file is closed")

// encoder is what Encoder and JSONEncoder have in common.
type encoder interface {
	Add(*span.Span)
	AppendTo([]byte) []byte
	Spans() int
	Size() int
	Reset()
}

// File is a sink.Sink that writes messages of SpansPerLine spans, the last one
// shorter. The bytes depend on the sequence of spans only, not on how
// WriteSpans divides it. It is for one goroutine.
type File struct {
	w       io.Writer
	enc     encoder
	format  Format
	perLine int
	line    []byte
	err     error // the first; nothing is written after it, since the rest would not join on
}

// NewFile returns a File on w, which stays the caller's to close. Each message
// is one Write.
func NewFile(w io.Writer, f Format, keys *span.Keys, c Config) (*File, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	file := &File{w: w, format: f, perLine: c.SpansPerLine}
	switch f {
	case JSONLines:
		file.enc = NewJSONEncoder(keys, c)
	case Delimited:
		file.enc = NewEncoder(keys, c)
	default:
		return nil, fmt.Errorf("otlp file: no format %d", f)
	}
	return file, nil
}

// WriteSpans encodes the spans at once and writes every message they fill.
func (f *File) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		if f.err != nil {
			return f.err
		}
		f.enc.Add(&spans[i])
		if f.enc.Spans() >= f.perLine {
			f.cut()
		}
	}
	return f.err
}

// Flush ends the line early: input that is still being written has gone quiet.
func (f *File) Flush() error {
	if f.err == nil && f.enc.Spans() > 0 {
		f.cut()
	}
	return f.err
}

// Close writes the last message. It does not close the writer.
func (f *File) Close(context.Context) error {
	if f.err == nil && f.enc.Spans() > 0 {
		f.cut()
	}
	err := f.err
	if errors.Is(err, errFileClosed) {
		return nil
	}
	if err == nil {
		f.err = errFileClosed
	}
	return err
}

// cut writes what was added as one message.
func (f *File) cut() {
	const room = binary.MaxVarintLen64
	var head [room]byte
	b := append(f.line[:0], head[:]...)
	b = f.enc.AppendTo(b)
	f.enc.Reset()
	f.line = b
	if cap(b) > maxKeptBody {
		f.line = nil
	}
	out := b[room:]
	if f.format == Delimited {
		n := binary.PutUvarint(head[:], uint64(len(out)))
		copy(b[room-n:], head[:n])
		out = b[room-n:]
	}
	if _, err := f.w.Write(out); err != nil {
		f.err = fmt.Errorf("write spans: %w", err)
	}
}
