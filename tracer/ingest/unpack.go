package ingest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back a zstd stream may point: what a decoder keeps in memory.
// 8 MiB is what every encoder stays within unless told otherwise (RFC 8878, 3.1.1.1.2).
const maxWindow = 8 << 20

var (
	errTooLarge    = errors.New("too large")
	errUnsupported = errors.New("unsupported content encoding; gzip, zstd and none are taken")
	errPacked      = errors.New("malformed") // what was packed is damaged
)

// unpackers keeps decoders, whose buffers are large, for the next request.
type unpackers struct{ gzip, zstd sync.Pool }

// bounded ends with errTooLarge behind left bytes, and keeps the reader's own error.
type bounded struct {
	r    io.Reader
	left int
	err  error
}

// Read reads.
func (b *bounded) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= n; b.left < 0 {
		err = errTooLarge
	}
	if err != nil && err != io.EOF && b.err == nil {
		b.err = err
	}
	return n, err
}

// body reads a body of at most limit bytes, packed and unpacked, into one string. size
// is the size of what comes, -1 if it is not known.
func (u *unpackers) body(r io.Reader, encoding string, size int64, limit int) (string, error) {
	if size > int64(limit) {
		return "", errTooLarge
	}
	in := &bounded{r: r, left: limit}
	packed := false
	var from io.Reader = in
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity", "none":
	case "gzip", "x-gzip":
		z, err := u.openGzip(in)
		if err != nil {
			return "", damaged(in, err)
		}
		defer u.gzip.Put(z)
		from, packed = z, true
	case "zstd":
		z, err := u.openZstd(in)
		if err != nil {
			return "", damaged(in, err)
		}
		defer u.closeZstd(z)
		from, packed = z, true
	default:
		return "", errUnsupported
	}
	var b strings.Builder
	if packed {
		size = min(4*size, int64(limit)) // what attributes usually shrink to
	}
	b.Grow(int(max(size, 0)))
	out := &bounded{r: from, left: limit}
	if _, err := io.Copy(&b, out); err != nil {
		return "", damaged(in, err)
	}
	return b.String(), nil
}

// damaged tells what came badly from what was packed badly.
func damaged(in *bounded, err error) error {
	if in.err != nil {
		return in.err
	}
	if errors.Is(err, errTooLarge) {
		return err
	}
	return fmt.Errorf("%w: unpack: %w", errPacked, err)
}

func (u *unpackers) openGzip(r io.Reader) (*gzip.Reader, error) {
	if z, ok := u.gzip.Get().(*gzip.Reader); ok {
		return z, z.Reset(r)
	}
	return gzip.NewReader(r)
}

func (u *unpackers) openZstd(r io.Reader) (*zstd.Decoder, error) {
	if z, ok := u.zstd.Get().(*zstd.Decoder); ok {
		return z, z.Reset(r)
	}
	// Without concurrency a decoder has no goroutines, and may be forgotten.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

func (u *unpackers) closeZstd(z *zstd.Decoder) {
	if z.Reset(nil) == nil {
		u.zstd.Put(z)
	}
}
