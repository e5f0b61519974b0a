package mongodb

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Compressors ("OP_COMPRESSED").
const (
	noop = iota
	snappy
	zlibs
	zstds
)

var compressors = [...][]byte{noop: []byte("noop"), snappy: []byte("snappy"), zlibs: []byte("zlib"), zstds: []byte("zstd")}

const (
	packedLen = headLen + 9 // header, opcode, size, compressor
	maxZstd   = 8 << 20     // window of zstd
)

// tools unpack messages. They cost much memory and are used for the time of a
// call: connections share them.
type tools struct{ pool sync.Pool }

// unpacker has a reader for each compressor that needs one.
type unpacker struct {
	in   bytes.Reader
	zlib io.ReadCloser
	zstd *zstd.Decoder
}

// unpack gives the start of what b holds, which may be cut short, in dst.
func (t *tools) unpack(compressor byte, dst, b []byte) []byte {
	switch compressor {
	case noop:
		return append(dst, b[:min(len(b), cap(dst))]...)
	case snappy:
		return unsnap(dst, b)
	}
	u, _ := t.pool.Get().(*unpacker)
	if u == nil {
		u = &unpacker{}
	}
	defer t.pool.Put(u)
	u.in.Reset(b)
	defer u.in.Reset(nil)
	r := u.open(compressor)
	if r == nil {
		return dst
	}
	n, _ := io.ReadFull(r, dst[:cap(dst)]) // what can be read of a cut one is enough
	return dst[:n]
}

// open readies the reader of a compressor, nil if it does not take the bytes.
func (u *unpacker) open(compressor byte) io.Reader {
	var err error
	switch compressor {
	case zlibs:
		if u.zlib == nil {
			u.zlib, err = zlib.NewReader(&u.in)
		} else if r, ok := u.zlib.(zlib.Resetter); ok {
			err = r.Reset(&u.in, nil)
		}
		if err == nil {
			return u.zlib
		}
		u.zlib = nil
	case zstds:
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstd))
		}
		if err == nil && u.zstd.Reset(&u.in) == nil {
			return u.zstd
		}
	}
	return nil
}

// unsnap reads a block of snappy as far as it goes and dst has room
// (https://github.com/google/snappy/blob/main/format_description.txt). The
// library wants it whole, and blocks may have 48 MB.
func unsnap(dst, b []byte) []byte {
	_, n := binary.Uvarint(b)
	if n <= 0 {
		return dst
	}
	for b = b[n:]; len(b) > 0 && len(dst) < cap(dst); {
		tag := b[0]
		if tag&3 == 0 {
			size, head := literalSize(b)
			if head > len(b) {
				return dst
			}
			b = b[head:]
			k := min(size, len(b), cap(dst)-len(dst))
			dst = append(dst, b[:k]...)
			if k < size {
				return dst
			}
			b = b[size:]
			continue
		}
		size, back, head := copyOf(b)
		if head == 0 || back == 0 || back > len(dst) {
			return dst
		}
		for i := min(size, cap(dst)-len(dst)); i > 0; i-- {
			dst = append(dst, dst[len(dst)-back])
		}
		b = b[head:]
	}
	return dst
}

// literalSize is the length of a literal and of its tag.
func literalSize(b []byte) (size, head int) {
	n := int(b[0] >> 2)
	if n < 60 {
		return n + 1, 1
	}
	head = n - 60 + 2
	if head > len(b) {
		return 0, head
	}
	for i := head - 1; i > 0; i-- {
		size = size<<8 | int(b[i])
	}
	return size + 1, head
}

// copyOf is what a tag says to copy; head is 0 if it is cut.
func copyOf(b []byte) (size, back, head int) {
	switch tag := b[0]; {
	case tag&3 == 1 && len(b) >= 2:
		return int(tag>>2&7) + 4, int(tag>>5)<<8 | int(b[1]), 2
	case tag&3 == 2 && len(b) >= 3:
		return int(tag>>2) + 1, int(binary.LittleEndian.Uint16(b[1:])), 3
	case tag&3 == 3 && len(b) >= 5:
		return int(tag>>2) + 1, int(binary.LittleEndian.Uint32(b[1:])), 5
	}
	return 0, 0, 0
}
