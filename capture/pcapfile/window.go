package pcapfile

import (
	"context"
	"io"
)

// input is where the bytes of a window come from, uncompressed.
type input interface {
	// read is io.Reader.Read that gives up with ctx.Err() when ctx is done.
	// It may be called again after that, nothing is lost.
	read(ctx context.Context, p []byte) (int, error)
	// steady reports that read never waits for a writer, so that the window
	// can be filled to the brim.
	steady() bool
	// compressed reports that the bytes were decompressed. It is valid after
	// the first read.
	compressed() bool
}

// window is the part of a stream that is in memory.
type window struct {
	pool *pool
	blk  *block
	r, w int   // blk.buf[r:w] is read and not yet parsed
	base int64 // offset in the stream of blk.buf[0]
	err  error // what ended the input
}

func (w *window) bytes() []byte { return w.blk.buf[w.r:w.w] }

// offset is the place in the stream of the next byte to parse.
func (w *window) offset() int64 { return w.base + int64(w.r) }

// rewind starts a new stream in the same block.
func (w *window) rewind() {
	w.r, w.w, w.base, w.err = 0, 0, 0, nil
	if w.blk != nil && w.blk.shared() {
		w.release()
	}
	if w.blk == nil {
		w.blk = w.pool.take(blockSize)
	}
}

func (w *window) release() {
	if w.blk != nil {
		w.pool.drop(w.blk)
		w.blk = nil
	}
}

// fill reads until need bytes are there; it reads on to the end of the block
// where that costs no waiting. Without need bytes it says why: io.EOF, the
// error of the input (both for good), or ctx.Err().
func (w *window) fill(ctx context.Context, in input, need int) error {
	w.room(need)
	steady := in.steady()
	for empty := 0; w.err == nil && (w.w-w.r < need || steady && w.w < len(w.blk.buf)); {
		n, err := in.read(ctx, w.blk.buf[w.w:])
		w.w += n
		if err != nil && err == ctx.Err() {
			return err
		}
		w.err = err
		if n > 0 {
			empty = 0
		} else if empty++; empty == 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	if w.w-w.r >= need {
		return nil
	}
	return w.err
}

// room makes the block able to hold need bytes from r on, with some space
// behind w for a read that is worth it.
func (w *window) room(need int) {
	size := len(w.blk.buf)
	if size-w.r >= need && size-w.w >= size/16 || w.r == 0 && size >= need && size > w.w {
		return
	}
	have := w.blk.buf[w.r:w.w]
	switch {
	case need > size || w.blk.shared():
		next := w.pool.take((need + blockSize - 1) / blockSize * blockSize)
		copy(next.buf, have)
		w.pool.drop(w.blk)
		w.blk = next
	default:
		copy(w.blk.buf, have)
	}
	w.base += int64(w.r)
	w.r, w.w = 0, len(have)
}
