package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	magic      = "WSPILL1\n"
	recordHead = 12
	suffix     = ".spans"

	// maxRecord bounds what a length that is damaged can make us read.
	maxRecord = 256 << 20
)

// errRecord says that bytes are not a whole record.
var errRecord = errors.New("not a whole record")

// castagnoli is the table of CRC-32C (RFC 3720, appendix B.4).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is one file of records.
type segment struct {
	number uint64
	size   int64 // bytes of whole records, and of the head of the file
	count  int   // records that are not delivered yet
	spans  int   // in them
}

func (s *segment) path(dir string) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", s.number, suffix))
}

// segmentNumber reads the number off the name of a file.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 64)
	return n, err == nil && n > 0
}

// putHead writes the head of a record.
func putHead(h []byte, payload []byte, spans int) {
	binary.LittleEndian.PutUint32(h, uint32(len(payload)))
	binary.LittleEndian.PutUint32(h[4:], uint32(spans))
	binary.LittleEndian.PutUint32(h[8:], checksum(h, payload))
}

func checksum(h, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(h[:8], castagnoli), castagnoli, payload)
}

// head reads the head of the record at an offset; end is where the file ends.
func head(f io.ReaderAt, at, end int64) (h [recordHead]byte, n int64, spans int, err error) {
	if end-at < recordHead {
		return h, 0, 0, errRecord
	}
	if _, err := f.ReadAt(h[:], at); err != nil {
		return h, 0, 0, fmt.Errorf("read record: %w", err)
	}
	n = int64(binary.LittleEndian.Uint32(h[:]))
	spans = int(binary.LittleEndian.Uint32(h[4:]) & (1<<31 - 1))
	if n > maxRecord || n > end-at-recordHead {
		return h, 0, 0, errRecord
	}
	return h, n, spans, nil
}

// record reads the record at an offset into buf, which may grow.
func record(f io.ReaderAt, at, end int64, buf []byte) (payload []byte, spans int, err error) {
	h, n, spans, err := head(f, at, end)
	if err != nil {
		return buf, 0, err
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := f.ReadAt(buf, at+recordHead); err != nil {
		return buf, 0, fmt.Errorf("read record: %w", err)
	}
	if checksum(h[:], buf) != binary.LittleEndian.Uint32(h[8:]) {
		return buf, 0, errRecord
	}
	return buf, spans, nil
}

// scan walks through the records of a file. It returns where the first one at or
// behind an offset begins, how many there are from there on, and where the last
// whole one ends. Payloads are looked at only if deep.
func scan(f io.ReaderAt, from, end int64, deep bool) (first, at int64, count, spans int, err error) {
	var m [len(magic)]byte
	if end < int64(len(magic)) {
		return 0, 0, 0, 0, errRecord
	}
	if _, err := f.ReadAt(m[:], 0); err != nil {
		return 0, 0, 0, 0, fmt.Errorf("read segment: %w", err)
	}
	if string(m[:]) != magic {
		return 0, 0, 0, 0, errRecord
	}
	var buf []byte
	for at = int64(len(magic)); at < end; {
		var n int64
		var k int
		if deep {
			if buf, k, err = record(f, at, end, buf); err == nil {
				n = int64(len(buf))
			}
		} else {
			_, n, k, err = head(f, at, end)
		}
		if err != nil {
			return first, at, count, spans, err
		}
		if at >= from {
			if count == 0 {
				first = at
			}
			count++
			spans += k
		}
		at += recordHead + n
	}
	return first, at, count, spans, nil
}

// newSegment makes an empty file.
func newSegment(dir string, number uint64) (*segment, *os.File, error) {
	s := &segment{number: number, size: int64(len(magic))}
	f, err := os.OpenFile(s.path(dir), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("make segment: %w", err)
	}
	if _, err := f.WriteString(magic); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, nil, fmt.Errorf("make segment: %w", err)
	}
	return s, f, nil
}
