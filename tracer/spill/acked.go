package spill

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// ackedSize is segment, offset, CRC-32C.
const ackedSize = 8 + 8 + 4

// acked is the file that says up to where everything was delivered. It is written
// in place: one that is torn says nothing, and records are delivered again.
type acked struct{ f *os.File }

func openAcked(dir string) (acked, error) {
	f, err := os.OpenFile(filepath.Join(dir, "acked"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return acked{}, fmt.Errorf("open buffer: %w", err)
	}
	return acked{f}, nil
}

func (a acked) read() (number uint64, offset int64) {
	var b [ackedSize]byte
	if n, _ := a.f.ReadAt(b[:], 0); n < ackedSize || crc32.Checksum(b[:16], castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
		return 0, 0
	}
	return binary.LittleEndian.Uint64(b[:]), int64(binary.LittleEndian.Uint64(b[8:]) & (1<<63 - 1))
}

func (a acked) write(number uint64, offset int64) error {
	var b [ackedSize]byte
	binary.LittleEndian.PutUint64(b[:], number)
	binary.LittleEndian.PutUint64(b[8:], uint64(offset))
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[:16], castagnoli))
	if _, err := a.f.WriteAt(b[:], 0); err != nil {
		return fmt.Errorf("note what was delivered: %w", err)
	}
	return nil
}
