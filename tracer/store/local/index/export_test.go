package index

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Sealed puts the checksum of a part behind bytes.
func Sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(b[:len(b):len(b)], xxhash.Sum64(b))
}
