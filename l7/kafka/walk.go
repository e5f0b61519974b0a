package kafka

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/wirespan/wirespan/l7"
)

// verdict is how a walk came to its end.
type verdict uint8

const (
	further verdict = iota // goes on at once
	starved                // with more bytes
	done                   // the message is over
	broken                 // the bytes are not what the schema says
)

// maxDepth bounds arrays within arrays; the schemas have at most five.
const maxDepth = 7

// level is a structure or array that the walk is in.
type level struct {
	fields []field
	next   int
	left   int64 // elements, the current one included
	plain  bool  // elements have no tagged fields
}

// walker walks a message by its schema, from any split of its bytes. What it
// does not ask for it passes over by length.
type walker struct {
	version int16
	flex    bool
	final   bool // no more bytes will come: use what there is
	left    int64
	words   int   // topics and groups that a walk for detection has seen
	skip    int64 // bytes to pass over
	need    int   // bytes that a starved walk wants

	f     *facts // nil: nothing is kept, and records are passed over
	names *names
	match l7.IDMatcher
	tools *tools

	fetched bool    // records have their offsets: the message is not their producer's
	sent    []count // what the request sent, borrowed

	headed bool  // the tagged fields of the header are behind
	tagged bool  // within tagged fields
	tags   int64 // those that are left, -1 before their count

	depth  int
	levels [maxDepth]level

	inRecords bool
	rec       records
}

// begin readies the walk of a message with size bytes from here on. With tags
// the header ends with tagged fields.
func (w *walker) begin(fields []field, version int16, flex, tags bool, size int64) {
	w.version, w.flex, w.final = version, flex, false
	w.left, w.words, w.skip, w.need = size, 0, 0, 0
	w.headed, w.tagged, w.tags = !tags, tags, -1
	w.depth, w.inRecords = 0, false
	w.levels[0] = level{fields: fields, left: 1}
}

// walk goes on at b and returns how many bytes it is done with. A starved walk
// has taken all that it can use: w.skip bytes behind b are to be passed over,
// or it wants w.need bytes from there on.
func (w *walker) walk(b []byte) (n int, v verdict) {
	for {
		if w.skip > 0 {
			k := min(w.skip, int64(len(b)-n))
			n += int(k)
			if w.skip -= k; w.skip > 0 {
				w.need = 0
				return n, starved
			}
		}
		k, v := w.step(b[n:])
		n += k
		if w.left -= int64(k); w.left < 0 {
			return n, broken
		}
		if v != further {
			return n, v
		}
	}
}

// pass skips n bytes of the message.
func (w *walker) pass(n int64) verdict {
	if n < 0 || n > w.left {
		return broken
	}
	w.left -= n
	w.skip += n
	return further
}

// want asks for n bytes.
func (w *walker) want(n int) (int, verdict) {
	if int64(n) > w.left {
		return 0, broken
	}
	w.need = n
	return 0, starved
}

// step takes one field, or what lies between fields.
func (w *walker) step(b []byte) (int, verdict) {
	switch {
	case w.inRecords:
		return w.batches(b)
	case w.tagged:
		return w.tagging(b)
	}
	lv := &w.levels[w.depth]
	if lv.next == len(lv.fields) {
		if w.flex && !lv.plain {
			w.tagged, w.tags = true, -1
			return 0, further
		}
		return 0, w.leave()
	}
	f := &lv.fields[lv.next]
	if w.version < f.min || w.version > f.max {
		lv.next++
		return 0, further
	}
	switch f.kind {
	case kInt8, kInt16, kInt32, kInt64, kUUID:
		return w.fixed(f, b)
	case kString, kBytes:
		return w.str(f, b)
	case kRecords:
		return w.enterRecords(b)
	case kArray:
		n, k, ok := w.length(b, 4)
		if k == 0 {
			return w.missing(ok)
		}
		if n > w.left-int64(k) {
			return 0, broken
		}
		return k, w.enter(f, n)
	case kMaybe:
		if len(b) == 0 {
			return w.want(1)
		}
		n := int64(1)
		if int8(b[0]) < 0 {
			n = 0
		}
		return 1, w.enter(f, n)
	}
	return 0, w.enter(f, 1)
}

// missing wants another byte of a length, unless there cannot be one.
func (w *walker) missing(ok bool) (int, verdict) {
	if !ok {
		return 0, broken
	}
	return w.want(1)
}

// enter goes into the elements of a field; none: past it.
func (w *walker) enter(f *field, elements int64) verdict {
	w.levels[w.depth].next++
	if elements <= 0 {
		return further
	}
	if w.depth++; w.depth == maxDepth {
		w.depth--
		return broken
	}
	w.levels[w.depth] = level{fields: f.sub, left: elements, plain: f.plain}
	return further
}

// leave ends an element.
func (w *walker) leave() verdict {
	lv := &w.levels[w.depth]
	if lv.left--; lv.left > 0 {
		lv.next = 0
		return further
	}
	if w.depth == 0 {
		lv.left, lv.next = 1, len(lv.fields) // asked again it says the same
		return done
	}
	w.depth--
	return further
}

// tagging passes over tagged fields (KIP-482).
func (w *walker) tagging(b []byte) (int, verdict) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return w.missing(n == 0)
	}
	if w.tags < 0 {
		if v > uint64(w.left) {
			return 0, broken
		}
		w.tags = int64(v)
		return n, w.tagsLeft()
	}
	size, k := binary.Uvarint(b[n:])
	if k <= 0 {
		return w.missing(k == 0)
	}
	n += k
	if w.left < int64(n) || size > uint64(w.left-int64(n)) {
		return 0, broken
	}
	w.tags--
	w.left -= int64(size)
	w.skip += int64(size)
	return n, w.tagsLeft()
}

// tagsLeft ends the tagged fields when there are no more.
func (w *walker) tagsLeft() verdict {
	if w.tags > 0 {
		return further
	}
	w.tagged = false
	if !w.headed {
		w.headed = true
		return further
	}
	return w.leave()
}

var sizes = [...]int{kInt8: 1, kInt16: 2, kInt32: 4, kInt64: 8, kUUID: 16}

// fixed takes a field whose size does not vary.
func (w *walker) fixed(f *field, b []byte) (int, verdict) {
	n := sizes[f.kind]
	if len(b) < n {
		return w.want(n)
	}
	w.levels[w.depth].next++
	if f.mean != nothing && w.f != nil {
		w.note(f, b[:n])
	}
	return n, further
}

// str takes a string or bytes: whole if it means something, and is short.
func (w *walker) str(f *field, b []byte) (int, verdict) {
	size := 2
	if f.kind == kBytes {
		size = 4
	}
	n, k, ok := w.length(b, size)
	if k == 0 {
		return w.missing(ok)
	}
	if n > w.left-int64(k) {
		return 0, broken
	}
	if w.f == nil && !w.word(f.mean, b[k:], n) {
		return 0, broken
	}
	if f.mean == nothing || w.f == nil || n > maxWord {
		w.levels[w.depth].next++
		w.left -= max(n, 0)
		w.skip += max(n, 0)
		return k, further
	}
	end := k + int(max(n, 0))
	if len(b) < end {
		if !w.final {
			return w.want(end)
		}
		return 0, starved
	}
	w.levels[w.depth].next++
	w.note(f, b[k:end])
	return end, further
}

// word judges a string by its n first bytes of b: topics have few letters, groups
// are text. It counts those that are there.
func (w *walker) word(m mean, b []byte, n int64) bool {
	if n <= 0 || n > int64(len(b)) || m != mTopic && m != mGroup {
		return n <= maxTopic || m != mTopic
	}
	w.words++
	if m == mTopic {
		return n <= maxTopic && legal(b[:n])
	}
	return utf8.Valid(b[:n])
}

// length reads the length of a string, of bytes or of an array: size bytes, or
// a varint that is one more. Null is -1. n is 0 if it is not all there.
func (w *walker) length(b []byte, size int) (v int64, n int, ok bool) {
	if w.flex {
		u, n := binary.Uvarint(b)
		if n < 0 || u > 1<<31 {
			return 0, 0, false
		}
		return int64(u) - 1, n, true
	}
	if len(b) < size {
		return 0, 0, true
	}
	if size == 2 {
		v = int64(int16(binary.BigEndian.Uint16(b)))
	} else {
		v = int64(int32(binary.BigEndian.Uint32(b)))
	}
	return v, size, v >= -1
}

// note keeps what a field says.
func (w *walker) note(fd *field, b []byte) {
	f := w.f
	switch fd.mean {
	case mTopic:
		f.onTopic(b)
	case mTopicID:
		if [16]byte(b) != [16]byte{} {
			f.onTopicID(b, w.names.of([16]byte(b)))
		}
	case mNames:
		w.names.add([16]byte(b), f.at)
		f.onTerm([16]byte(b), f.at)
	case mPartition:
		f.onPartition(int32(binary.BigEndian.Uint32(b)))
	case mError:
		f.onError(int16(binary.BigEndian.Uint16(b)))
	case mOffset:
		f.onOffset(int64(binary.BigEndian.Uint64(b)), w.sent)
	case mProducer:
		f.producer, f.hasProducer = int64(binary.BigEndian.Uint64(b)), true
	case mAcks:
		f.acks, f.hasAcks = int16(binary.BigEndian.Uint16(b)), true
	case mKeyType:
		f.keyType = int8(b[0])
	case mSession:
		f.session = int32(binary.BigEndian.Uint32(b)) > 0
	default:
		f.onWord(fd.mean, b)
	}
}

// onWord keeps a string.
func (f *facts) onWord(m mean, b []byte) {
	switch m {
	case mGroup, mKey:
		f.word(&f.group, b)
	case mMember:
		f.word(&f.member, b)
	case mTransaction:
		f.word(&f.txn, b)
	case mMechanism:
		f.word(&f.mechanism, b)
	case mCluster:
		f.word(&f.cluster, b)
	case mSoftware:
		f.word(&f.software, b)
	case mRelease:
		f.word(&f.release, b)
	}
}
