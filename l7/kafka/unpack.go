package kafka

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codecs (protocol guide, "Record Batch", attributes).
const (
	codecGzip   = 1
	codecSnappy = 2
	codecLZ4    = 3
	codecZstd   = 4
)

var codecs = [...][]byte{
	codecGzip: []byte("gzip"), codecSnappy: []byte("snappy"), codecLZ4: []byte("lz4"), codecZstd: []byte("zstd"),
}

// Bounds of what a compressed batch may become.
const (
	maxUnpacked = 16 << 20 // bytes of a batch that are looked at
	maxBlock    = 2 << 20  // bytes of a block of snappy, which is unpacked at once
	maxZstd     = 8 << 20  // window of zstd
	pieceSize   = 32 << 10 // bytes that are looked at together; no less than two words
)

// tools unpack batches. They cost much memory and are used for the time of a
// call: connections share them.
type tools struct{ pool sync.Pool }

// unpacker has a reader for each codec.
type unpacker struct {
	in    bytes.Reader
	gzip  *gzip.Reader
	lz4   *lz4.Reader
	zstd  *zstd.Decoder
	snap  snappyReader
	piece [pieceSize]byte
}

// unpack scans the n records of a compressed batch; false if they cannot be read
// to the end.
func (w *walker) unpack(codec uint8, b []byte, n int32) bool {
	var s scan
	s.begin(n)
	v := starved
	w.tools.each(codec, b, func(piece []byte) (int, bool) {
		var k int
		k, v = s.scan(piece, w.f, w.match)
		return k, v == starved
	})
	return v == done
}

// each gives what b unpacks to, piece by piece, until scan wants no more. What
// scan is not done with it gets again, with what follows.
func (t *tools) each(codec uint8, b []byte, scan func([]byte) (n int, more bool)) {
	u, _ := t.pool.Get().(*unpacker)
	if u == nil {
		u = &unpacker{}
	}
	defer t.pool.Put(u)
	u.in.Reset(b)
	defer u.in.Reset(nil)
	r := u.open(codec)
	if r == nil {
		return
	}
	have, total := 0, 0
	for total < maxUnpacked {
		n, err := r.Read(u.piece[have:])
		have += n
		total += n
		k, more := scan(u.piece[:have])
		if !more || k == 0 && have == len(u.piece) {
			return
		}
		have = copy(u.piece[:], u.piece[k:have])
		if err != nil || n == 0 {
			return
		}
	}
}

// open readies the reader of a codec, nil if it does not take the bytes.
func (u *unpacker) open(codec uint8) io.Reader {
	var err error
	switch codec {
	case codecGzip:
		if u.gzip == nil {
			u.gzip = new(gzip.Reader)
		}
		if err = u.gzip.Reset(&u.in); err == nil {
			return u.gzip
		}
	case codecSnappy:
		u.snap.reset(&u.in)
		return &u.snap
	case codecLZ4:
		if u.lz4 == nil {
			u.lz4 = lz4.NewReader(&u.in)
		}
		u.lz4.Reset(&u.in)
		return u.lz4
	case codecZstd:
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstd))
		}
		if err == nil && u.zstd.Reset(&u.in) == nil {
			return u.zstd
		}
	}
	return nil
}

// snappyReader unpacks a block of snappy, or the blocks of the xerial framing
// (https://github.com/xerial/snappy-java, SnappyOutputStream): a magic of eight
// bytes, two versions of four, then blocks with their length in front.
type snappyReader struct {
	in     *bytes.Reader
	framed bool
	packed []byte
	block  []byte
	rest   []byte // of the block
}

var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

const xerialHead = 16

func (r *snappyReader) reset(in *bytes.Reader) {
	r.in, r.rest, r.framed = in, nil, false
	var head [xerialHead]byte
	if n, _ := in.ReadAt(head[:], 0); n == xerialHead && bytes.HasPrefix(head[:], xerial) {
		r.framed = true
		_, _ = in.Seek(xerialHead, io.SeekStart)
	}
}

// Read meets io.Reader.
func (r *snappyReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next unpacks a block.
func (r *snappyReader) next() error {
	size := r.in.Len()
	if r.framed {
		var head [4]byte
		if _, err := io.ReadFull(r.in, head[:]); err != nil {
			return err
		}
		if n := binary.BigEndian.Uint32(head[:]); int64(n) <= int64(r.in.Len()) {
			size = int(n)
		} else {
			return io.ErrUnexpectedEOF
		}
	}
	if size == 0 {
		return io.EOF
	}
	if cap(r.packed) < size {
		r.packed = make([]byte, size)
	}
	r.packed = r.packed[:size]
	if _, err := io.ReadFull(r.in, r.packed); err != nil {
		return err
	}
	n, err := s2.DecodedLen(r.packed)
	if err != nil || n > maxBlock {
		return io.ErrUnexpectedEOF
	}
	if cap(r.block) < n {
		r.block = make([]byte, n)
	}
	r.rest, err = s2.Decode(r.block[:n], r.packed)
	return err
}
