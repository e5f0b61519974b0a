package kafka

import "encoding/binary"

// Layout of a message in a message set of version 0 or 1 (KIP-31, KIP-32):
// offset, size, checksum, magic, attributes, then a timestamp in version 1, key
// and value. A compressed message has a message set as its value.
const (
	setPrefix   = 12 // offset and size
	setCRC      = 12
	setFlags    = 17
	setKey0     = 18 // length of the key in version 0
	setKey1     = 26
	setSmallest = 14 // size of a message of version 0 without key and value
)

// legacy takes a message of a message set.
func (w *walker) legacy(b []byte) (int, verdict) {
	total := int64(int32(binary.BigEndian.Uint32(b[batchLength:]))) + setPrefix
	switch {
	case total < setPrefix+setSmallest:
		return w.giveUp(w.rec.left)
	case total > w.rec.left:
		return w.drop(w.rec.left)
	case len(b) < setKey0:
		return w.want(setKey0)
	}
	codec := b[setFlags] & flagCodec
	if codec != 0 && total <= maxPacked && int64(len(b)) < total && !w.final {
		return w.want(int(total))
	}
	n, base := int32(1), int64(binary.BigEndian.Uint64(b))
	if codec != 0 {
		if n = w.nested(codec, b[:min(total, int64(len(b)))]); n == 0 {
			return w.giveUp(total)
		}
	}
	w.f.onRecords(n, base, codec)
	if codec == 0 {
		w.legacyKeys(b, base)
	}
	return w.drop(total)
}

// legacyKeys notes what a message is known by on both sides. Brokers give
// nested messages other offsets, and may compress them again.
func (w *walker) legacyKeys(b []byte, base int64) {
	if w.fetched {
		w.f.offsetKey(base, 0)
	}
	from := len(w.f.text)
	w.f.number(int64(binary.BigEndian.Uint32(b[setCRC:])), 0)
	w.f.onKey(keyDigest, from)
}

// nested counts the messages in a compressed one; 0 if it cannot be read.
func (w *walker) nested(codec uint8, b []byte) (n int32) {
	at := setKey0
	if b[batchMagic] == 1 {
		at = setKey1
	}
	for range 1 { // over the key
		if len(b) < at+4 {
			return 0
		}
		at += 4 + int(max(int32(binary.BigEndian.Uint32(b[at:])), 0))
	}
	if at < 0 || len(b) < at+4 {
		return 0
	}
	s := setScan{}
	w.tools.each(codec, b[at+4:], s.scan)
	return s.messages
}

// setScan counts the messages of an unpacked message set.
type setScan struct {
	messages int32
	skip     int64
}

// scan takes a piece and returns how much of it is done with.
func (s *setScan) scan(b []byte) (n int, more bool) {
	for {
		k := min(s.skip, int64(len(b)-n))
		n += int(k)
		if s.skip -= k; s.skip > 0 || len(b)-n < setPrefix {
			return n, true
		}
		size := int64(int32(binary.BigEndian.Uint32(b[n+batchLength:])))
		if size < setSmallest {
			return n, false
		}
		s.messages++
		s.skip = setPrefix + size
	}
}
