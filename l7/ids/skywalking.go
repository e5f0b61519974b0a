package ids

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/l7/cursor"
)

// maxSkyWalkingID bounds a decoded trace or segment id, in bytes; agents write
// at most 32 + 1 + 10 + 1 + 20.
const maxSkyWalkingID = 96

// parseSkyWalking reads {sample}-{base64 trace id}-{base64 segment id}-{span
// index}-..., which sw8 (https://skywalking.apache.org/docs/main/latest/en/api/x-process-propagation-headers-v3/)
// and sw6 have in common.
func parseSkyWalking(c *Context, v []byte) bool {
	sample, rest := cursor.Cut(v, '-')
	trace, rest := cursor.Cut(rest, '-')
	segment, rest := cursor.Cut(rest, '-')
	index, rest := cursor.Cut(rest, '-')
	if len(sample) != 1 || sample[0] != '0' && sample[0] != '1' || rest == nil {
		return false
	}
	var tb, sb [maxSkyWalkingID]byte
	t, ok := decode64(&tb, trace)
	if !ok {
		return false
	}
	s, ok := decode64(&sb, segment)
	if !ok {
		return false
	}
	c.Trace = skyWalkingTrace(t)
	c.Parent = skyWalkingSpan(s, index)
	c.sampled(sample[0] == '1')
	return true
}

// parseSkyWalking3 reads
// segment|span|application|entry application|#peer|#entry|#parent|trace id.
func parseSkyWalking3(c *Context, v []byte) bool {
	if bytes.Count(v, []byte{'|'}) != 7 {
		return false
	}
	trace := v[bytes.LastIndexByte(v, '|')+1:]
	segment, rest := cursor.Cut(v, '|')
	index, _ := cursor.Cut(rest, '|')
	if len(trace) == 0 || len(segment) == 0 {
		return false
	}
	if _, ok := cursor.Decimal(index); !ok {
		return false
	}
	c.Trace = skyWalkingTrace(trace)
	c.Parent = skyWalkingSpan(segment, index)
	return true
}

func decode64(buf *[maxSkyWalkingID]byte, v []byte) ([]byte, bool) {
	v = bytes.TrimRight(v, "=")
	if len(v) == 0 || base64.RawStdEncoding.DecodedLen(len(v)) > len(buf) {
		return nil, false
	}
	n, err := base64.RawStdEncoding.Decode(buf[:], v)
	return buf[:n], err == nil && n > 0
}

// skyWalkingTrace maps a trace id as the OpenTelemetry Collector's skywalking
// receiver does: a UUID as it is, hex32.n.m as in skyWalkingUUID. What the
// receiver cannot map is hashed, so that its spans still meet.
func skyWalkingTrace(id []byte) [16]byte {
	if u, ok := uuid(id); ok && u != [16]byte{} {
		return u
	}
	if u, ok := skyWalkingUUID(id, 0); ok && u != [16]byte{} {
		return u
	}
	return hash128("sw", id)
}

// skyWalkingSpan is SkyWalkingSpan of an index in digits.
func skyWalkingSpan(segment, index []byte) (span [8]byte) {
	n, ok := cursor.Decimal(index)
	if !ok || n > math.MaxInt32 {
		return span
	}
	return SkyWalkingSpan(segment, uint32(n))
}

// SkyWalkingTrace maps a trace id of SkyWalking as contexts in headers are mapped, so
// that spans of its agents meet those of the wire. Never zero.
func SkyWalkingTrace(id []byte) [16]byte { return skyWalkingTrace(id) }

// SkyWalkingSpan maps segment id and span index as the Collector's receiver does: the
// UUID of the segment, the index mixed in, its halves folded. A UUID with dashes, which
// browsers send and the receiver cannot map, is taken for one without. Zero if that is
// not possible.
func SkyWalkingSpan(segment []byte, index uint32) (span [8]byte) {
	u, ok := uuid(segment)
	if ok {
		var x [4]byte
		binary.LittleEndian.PutUint32(x[:], index)
		for i := range x {
			u[i] ^= x[i]
		}
	} else if u, ok = skyWalkingUUID(segment, index); !ok {
		return span
	}
	for i := range span {
		span[i] = u[i] ^ u[i+8]
	}
	return span
}

// skyWalkingUUID reads hex32 or hex32.n.m as hex32 xor (extra, n, m): 4, 4 and
// 8 bytes, each little endian.
func skyWalkingUUID(id []byte, extra uint32) (u [16]byte, ok bool) {
	if len(id) < 32 || !cursor.HexBytes(u[:], id[:32]) {
		return u, false
	}
	var n, m uint64
	if len(id) > 32 {
		if id[32] != '.' {
			return u, false
		}
		mid, last := cursor.Cut(id[33:], '.')
		var ok1, ok2 bool
		n, ok1 = cursor.Decimal(mid)
		m, ok2 = cursor.Decimal(last)
		if !ok1 || !ok2 || n > math.MaxInt64 || m > math.MaxInt64 {
			return u, false
		}
	}
	var x [16]byte
	binary.LittleEndian.PutUint32(x[0:], extra)
	binary.LittleEndian.PutUint32(x[4:], uint32(n))
	binary.LittleEndian.PutUint64(x[8:], m)
	for i := range u {
		u[i] ^= x[i]
	}
	return u, true
}

// uuid reads the form of RFC 9562, 4.
func uuid(b []byte) (u [16]byte, ok bool) {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return u, false
	}
	return u, cursor.HexBytes(u[:4], b[:8]) && cursor.HexBytes(u[4:6], b[9:13]) &&
		cursor.HexBytes(u[6:8], b[14:18]) && cursor.HexBytes(u[8:10], b[19:23]) && cursor.HexBytes(u[10:], b[24:])
}

// hash128 is XXH64 with seeds 0 and 1 over domain and id, each with its length
// as a byte in front: H128 of SPANS.md, "Ids".
func hash128(domain string, id []byte) (h [16]byte) {
	var in [maxSkyWalkingID + 16]byte
	id = id[:min(len(id), maxSkyWalkingID)]
	b := append(in[:0], byte(len(domain)))
	b = append(b, domain...)
	b = append(b, byte(len(id)))
	b = append(b, id...)
	var d xxhash.Digest
	d.ResetWithSeed(1)
	d.Write(b)
	binary.BigEndian.PutUint64(h[:8], xxhash.Sum64(b))
	binary.BigEndian.PutUint64(h[8:], d.Sum64())
	return h
}
