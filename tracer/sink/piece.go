package sink

import (
	"encoding/binary"
	"math"
)

func appendPiece[S ~[]byte | ~string](b []byte, v S) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

func readPiece(b []byte) (v, rest []byte) {
	n, w := binary.Uvarint(b)
	end := w + int(n)
	return b[w:end:end], b[end:]
}

func readVarint(b []byte) (v int64, rest []byte) {
	v, w := binary.Varint(b)
	return v, b[w:]
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func readFloat(b []byte) (v float64, rest []byte) {
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), b[8:]
}
