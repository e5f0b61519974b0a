package pcapfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// compressedBuffer is read at a time from a compressed file.
	compressedBuffer = 64 << 10

	// maxZstdWindow bounds the memory of the zstd decoder; zstd --long and
	// --ultra -22 need as much.
	maxZstdWindow = 128 << 20
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	zstdSkip  = []byte{0x2a, 0x4d, 0x18} // skippable frame, after a byte 0x50 to 0x5f; RFC 8878, section 3.1.2
)

// decompress recognises a compression by its first bytes and gives the plain
// stream. Without one it gives r itself, with the bytes that it looked at.
// close releases the memory of the decompressor.
func decompress(r io.Reader) (plain io.Reader, compressed bool, release func(), err error) {
	start := make([]byte, 4)
	n, err := io.ReadFull(r, start)
	start = start[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, false, nil, err
	}
	whole := &rejoined{start: start, rest: r}
	switch {
	case bytes.HasPrefix(start, gzipMagic):
		g, err := newGunzip(bufio.NewReaderSize(whole, compressedBuffer))
		if err != nil {
			return nil, true, nil, err
		}
		return g, true, func() {}, nil
	case bytes.HasPrefix(start, zstdMagic), n == 4 && start[0]&0xf0 == 0x50 && bytes.Equal(start[1:], zstdSkip):
		z, err := zstd.NewReader(bufio.NewReaderSize(whole, compressedBuffer), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, true, nil, fmt.Errorf("zstd: %w", err)
		}
		return z, true, z.Close, nil
	}
	return whole, false, func() {}, nil
}

// rejoined puts bytes that were looked at back before the rest.
type rejoined struct {
	start []byte
	rest  io.Reader
}

func (j *rejoined) Read(p []byte) (int, error) {
	if len(j.start) > 0 {
		n := copy(p, j.start)
		j.start = j.start[n:]
		return n, nil
	}
	return j.rest.Read(p)
}

// gunzip reads all members of a gzip file, RFC 1952, section 2.2, and takes
// zeros behind the last one, as tapes and some downloads have them, for the
// end.
type gunzip struct {
	src *bufio.Reader
	z   *gzip.Reader
}

func newGunzip(src *bufio.Reader) (*gunzip, error) {
	z, err := gzip.NewReader(src)
	if err != nil {
		return nil, cut(err)
	}
	z.Multistream(false)
	return &gunzip{src: src, z: z}, nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if err != io.EOF {
			return n, cut(err)
		}
		if n > 0 {
			return n, nil
		}
		if err := g.next(); err != nil {
			return 0, err
		}
	}
}

// next goes to the next member, or says io.EOF.
func (g *gunzip) next() error {
	b, err := g.src.Peek(1)
	if err != nil {
		return err
	}
	if b[0] == 0 {
		return g.zeros()
	}
	if err := g.z.Reset(g.src); err != nil {
		return cut(err)
	}
	g.z.Multistream(false)
	return nil
}

func (g *gunzip) zeros() error {
	for {
		b, err := g.src.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return gzip.ErrHeader
		}
	}
}

// cut keeps the end of the compressed file apart from the end of the stream.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
