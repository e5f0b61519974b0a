package ids

import (
	"bytes"
	"encoding/base64"
)

// Layout of the OpenCensus binary trace context
// (https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md):
//
//	0   1   2          18  19      27  28  29
//	+---+---+----------+---+-------+---+---+
//	| 0 | 0 | trace id | 1 | span  | 2 | f |
//	+---+---+----------+---+-------+---+---+
const (
	binTrace = 2
	binSpan  = 19
	binFlags = 28
	binSize  = 29
)

// parseGRPCBinary reads grpc-trace-bin: base64, padded or not, or the 29 bytes
// as they are.
func parseGRPCBinary(c *Context, v []byte) bool {
	var buf [32]byte
	if len(v) != binSize {
		v = bytes.TrimRight(v, "=")
		if len(v) != base64.RawStdEncoding.EncodedLen(binSize) {
			return false
		}
		n, err := base64.RawStdEncoding.Decode(buf[:], v)
		if err != nil || n != binSize {
			return false
		}
		v = buf[:n]
	}
	if v[0] != 0 || v[1] != 0 || v[binSpan-1] != 1 || v[binFlags-1] != 2 {
		return false
	}
	copy(c.Trace[:], v[binTrace:])
	copy(c.Parent[:], v[binSpan:])
	c.sampled(v[binFlags]&1 != 0)
	return true
}
