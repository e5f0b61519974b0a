package span

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// hashSize is room for the longest input that H64 hashes in one piece.
const hashSize = 512

// Hasher builds the input of an id: a domain string, then length-prefixed
// parts. Length prefixes are uvarints; integers are 8 bytes, little endian,
// and have a prefix too. The zero value is not ready: use NewHasher.
type Hasher struct {
	buf [hashSize]byte
	n   int
}

// Start begins an input with its domain.
func (h *Hasher) Start(domain string) *Hasher {
	h.n = 0
	return h.Str(domain)
}

// Str adds a string part; what exceeds the room is cut, after its full length
// was written.
func (h *Hasher) Str(s string) *Hasher {
	h.n += binary.PutUvarint(h.room(binary.MaxVarintLen64), uint64(len(s)))
	h.n += copy(h.buf[h.n:], s)
	return h
}

// Bytes adds a part of bytes.
func (h *Hasher) Bytes(b []byte) *Hasher {
	h.n += binary.PutUvarint(h.room(binary.MaxVarintLen64), uint64(len(b)))
	h.n += copy(h.buf[h.n:], b)
	return h
}

// Uint adds an integer part.
func (h *Hasher) Uint(v uint64) *Hasher {
	b := h.room(9)
	b[0] = 8
	binary.LittleEndian.PutUint64(b[1:], v)
	h.n += 9
	return h
}

// room returns at least n free bytes, giving up the last ones if need be.
func (h *Hasher) room(n int) []byte {
	h.n = min(h.n, hashSize-n)
	return h.buf[h.n:]
}

// H64 is XXH64 with seed 0 over the input.
func (h *Hasher) H64() uint64 { return xxhash.Sum64(h.buf[:h.n]) }

// H128 is XXH64 with seed 0, then with seed 1, both big endian.
func (h *Hasher) H128() (t TraceID) {
	var d xxhash.Digest
	d.ResetWithSeed(1)
	d.Write(h.buf[:h.n])
	binary.BigEndian.PutUint64(t[:8], h.H64())
	binary.BigEndian.PutUint64(t[8:], d.Sum64())
	return t
}

// ExchangeTCP is the exchange key of a TCP exchange: seq is the sequence
// number of the request's first byte, ack the acknowledgement number of the
// segment that carried it, head the first min(64, captured) bytes of the
// request. stream is the HTTP/2 stream id, 0 for none. The input of H64 is
//
//	02 "x1"  08 seq  08 ack  08 XXH64(head)  [08 stream]
//
// where each number takes 8 bytes, little endian.
func ExchangeTCP(seq, ack uint32, head []byte, stream uint64) uint64 {
	var h Hasher
	x := xxhash.Sum64(head[:min(64, len(head))])
	h.Start("x1").Uint(uint64(seq)).Uint(uint64(ack)).Uint(x)
	if stream != 0 {
		h.Uint(stream)
	}
	return h.H64()
}

// ExchangeUDP is the exchange key of a UDP exchange: id is the transaction id,
// question the question or the first 64 bytes, at the packet time in ns. The
// input of H64 is
//
//	02 "u1"  08 id  uvarint(len) question  08 clientPort  08 at/2e9
func ExchangeUDP(id uint64, question []byte, clientPort uint16, at int64) uint64 {
	var h Hasher
	h.Start("u1").Uint(id).Bytes(question[:min(64, len(question))]).Uint(uint64(clientPort)).Uint(uint64(at) / 2e9)
	return h.H64()
}

// SpanIDOf is the span id: exchange key, agent, capture point, index of the
// message when one exchange gives several spans. The id is big endian H64 of
//
//	02 "s1"  08 exchange  uvarint(len) agent  uvarint(len) point  08 index
func SpanIDOf(exchange uint64, agent, point string, index uint64) (id SpanID) {
	var h Hasher
	binary.BigEndian.PutUint64(id[:], h.Start("s1").Uint(exchange).Str(agent).Str(point).Uint(index).H64())
	return id
}

// TraceOfRoot is the trace id of a tree without any id on the wire: H128 of
//
//	04 "root"  08 exchange
func TraceOfRoot(exchange uint64) TraceID {
	var h Hasher
	return h.Start("root").Uint(exchange).H128()
}

// TraceOfRequestID is the trace id of a request ID that is random enough.
// class is the header's name in lower case with '-' for '_'. The input of H128
// is
//
//	03 "rid"  uvarint(len) class  uvarint(len) value
func TraceOfRequestID(class string, value []byte) TraceID {
	var h Hasher
	return h.Start("rid").Str(class).Bytes(value).H128()
}
