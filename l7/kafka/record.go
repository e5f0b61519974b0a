package kafka

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Phases of a record (protocol guide, "Record").
const (
	recLength  uint8 = iota // length of the record
	recHead                 // attributes, timestamp, offset, length of the key
	recValue                // length of the value
	recHeaders              // number of headers
	recName                 // name of a header
	recContent              // value of a header
)

// maxName is the longest header name that is looked at.
const maxName = 64

// scan looks through records for headers that are IDs. Keys and values are
// passed over.
type scan struct {
	phase   uint8
	records int32 // left
	left    int64 // bytes of the record
	headers int64 // left
	class   l7.IDClass
	name    text
	skip    int64
	need    int
}

// begin readies the scan of n records.
func (s *scan) begin(n int32) { *s = scan{records: n} }

// scan goes on at b. When it starves, skip bytes behind b are to be passed
// over, or need bytes are wanted.
func (s *scan) scan(b []byte, f *facts, match l7.IDMatcher) (n int, v verdict) {
	for s.records > 0 {
		if s.skip > 0 {
			k := min(s.skip, int64(len(b)-n))
			n += int(k)
			if s.skip -= k; s.skip > 0 {
				return n, starved
			}
		}
		var k int
		if s.phase == recLength {
			k, v = s.length(b[n:])
		} else {
			k, v = s.part(b[n:], f, match)
			s.left -= int64(k)
		}
		n += k
		if s.left < 0 {
			return n, broken
		}
		if v != further {
			return n, v
		}
	}
	return n, done
}

// length begins a record.
func (s *scan) length(b []byte) (int, verdict) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return s.more(n)
	}
	if v <= 0 || v > 1<<31 {
		return 0, broken
	}
	s.left, s.phase = v, recHead
	return n, further
}

// more wants another byte of a varint that is not whole.
func (s *scan) more(n int) (int, verdict) {
	if n < 0 {
		return 0, broken
	}
	s.need = 1
	return 0, starved
}

// part takes what is next in a record.
func (s *scan) part(b []byte, f *facts, match l7.IDMatcher) (int, verdict) {
	switch s.phase {
	case recHead:
		return s.head(b)
	case recName:
		return s.header(b, f, match)
	case recContent:
		return s.content(b, f)
	}
	v, n := binary.Varint(b)
	if n <= 0 {
		return s.more(n)
	}
	if s.phase == recValue {
		s.phase = recHeaders
		return n, s.pass(v, n)
	}
	if v < 0 || v > s.left {
		return 0, broken
	}
	s.headers = v
	return n, s.next(n)
}

// pass skips a length of the record, of which n bytes are about to be taken.
func (s *scan) pass(length int64, n int) verdict {
	if length > s.left-int64(n) {
		return broken
	}
	s.skip = max(length, 0)
	s.left -= s.skip
	return further
}

// next goes to the next header, or past the record.
func (s *scan) next(n int) verdict {
	if s.headers > 0 {
		s.headers--
		s.phase = recName
		return further
	}
	rest := s.left - int64(n)
	if rest < 0 {
		return broken
	}
	s.skip += rest
	s.left -= rest
	s.records--
	s.phase = recLength
	return further
}

// head takes what precedes the key, and passes over the key.
func (s *scan) head(b []byte) (int, verdict) {
	if len(b) == 0 {
		return s.more(0)
	}
	n := 1
	for range 2 { // timestamp and offset, less those of the batch
		_, k := binary.Uvarint(b[n:])
		if k <= 0 {
			return s.more(k)
		}
		n += k
	}
	key, k := binary.Varint(b[n:])
	if k <= 0 {
		return s.more(k)
	}
	s.phase = recValue
	return n + k, s.pass(key, n+k)
}

// header takes the name of a header.
func (s *scan) header(b []byte, f *facts, match l7.IDMatcher) (int, verdict) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return s.more(n)
	}
	if v < 0 {
		return 0, broken
	}
	s.class = l7.IDNone
	if v > maxName {
		s.phase = recContent
		return n, s.pass(v, n)
	}
	end := n + int(v)
	if len(b) < end {
		s.need = end
		return 0, starved
	}
	s.phase = recContent
	if s.class = match.Match(b[n:end]); s.class != l7.IDNone {
		s.name = f.put(b[n:end])
	}
	return end, further
}

// content takes the value of a header, if it is an ID.
func (s *scan) content(b []byte, f *facts) (int, verdict) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return s.more(n)
	}
	if s.class == l7.IDNone || v > maxWord || v < 0 {
		if verdict := s.pass(v, n); verdict != further {
			return n, verdict
		}
		return n, s.next(n)
	}
	end := n + int(v)
	if int64(end) > s.left {
		return 0, broken
	}
	if len(b) < end {
		s.need = end
		return 0, starved
	}
	f.onID(s.class, s.name, b[n:end])
	return end, s.next(end)
}
