package mongodb

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/l7/unpack"
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
type tools struct {
	pool    sync.Pool
	buffers unpack.Buffers // of maxRequest bytes
}

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
		return unpack.Snappy(dst, b)
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
