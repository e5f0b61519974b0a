package rocketmq

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Layout of a message as a broker stores and sends it (class MessageDecoder):
// size, magic, checksum, queue, flag, queue offset, place in the log, system
// flags, time and host of birth, time and host of storage, repeats, transaction,
// then body, topic and properties with their lengths.
const (
	magic1 = 0xdaa320a7
	magic2 = magic1 + 4 // length of the topic in two bytes

	atMagic  = 4
	atQueue  = 12
	atOffset = 20
	atFlags  = 36
	upToBody = 88 // with IPv4 addresses, and the length of the body

	bornV6  = 1 << 4
	storeV6 = 1 << 5
	v6More  = 12
)

// Layout of a message of a batch (MessageDecoder.encodeMessage): size, magic,
// checksum, flag, body and properties.
const batchUpToBody = 20

// maxProps bounds the properties of a message: their length has 16 bits.
const maxProps = 1 << 16

// verdict is how a walk came to its end.
type verdict uint8

const (
	further verdict = iota
	starved         // with more bytes
	done
	broken
)

// Phases of a message in a body.
const (
	inFixed uint8 = iota
	inTopic
	inProps
)

// walker walks a body of messages, from any split of its bytes.
type walker struct {
	batch bool  // messages of a batch that is sent
	left  int64 // bytes of the body
	skip  int64 // bytes to pass over
	need  int

	phase  uint8
	msg    int64 // bytes of the message that are left
	wide   bool  // the length of the topic has two bytes
	queue  int64
	offset int64
}

// holds reports whether a body begins with a message.
func holds(b []byte) bool {
	if len(b) < atMagic+4 {
		return false
	}
	m := binary.BigEndian.Uint32(b[atMagic:])
	return m == magic1 || m == magic2
}

// walk goes on at b and returns how many bytes it is done with. A starved walk
// has taken all that it can use: w.skip bytes behind b are to be passed over,
// or it wants w.need bytes from there on.
func (w *walker) walk(b []byte, f *facts, match l7.IDMatcher) (n int, v verdict) {
	for {
		if w.skip > 0 {
			k := min(w.skip, int64(len(b)-n))
			n += int(k)
			if w.skip -= k; w.skip > 0 {
				w.need = 0
				return n, starved
			}
		}
		if w.left == 0 {
			return n, done
		}
		k, v := w.step(b[n:], f, match)
		n += k
		w.left -= int64(k)
		w.msg -= int64(k)
		if w.left < 0 || w.msg < 0 {
			return n, broken
		}
		if v != further {
			return n, v
		}
	}
}

// want asks for n bytes.
func (w *walker) want(n int) (int, verdict) {
	if int64(n) > w.left {
		return 0, broken
	}
	w.need = n
	return 0, starved
}

// pass skips n bytes of the message behind k that are about to be taken.
func (w *walker) pass(n int64, k int) verdict {
	if n < 0 || n > w.msg-int64(k) {
		return broken
	}
	w.msg -= n
	w.left -= n
	w.skip += n
	return further
}

// step takes what is next.
func (w *walker) step(b []byte, f *facts, match l7.IDMatcher) (int, verdict) {
	switch w.phase {
	case inFixed:
		return w.fixed(b, f)
	case inTopic:
		return w.topic(b, f)
	}
	if len(b) < 2 {
		return w.want(2)
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	if len(b) < n {
		return w.want(n)
	}
	f.properties(b[2:n], match)
	w.phase = inFixed
	return n, w.pass(w.msg-int64(n), n) // extensions of later versions
}

// fixed takes a message up to its body, and passes over that.
func (w *walker) fixed(b []byte, f *facts) (int, verdict) {
	n := batchUpToBody
	if !w.batch {
		if n = upToBody; len(b) < atFlags+4 {
			return w.want(n)
		}
		flags := binary.BigEndian.Uint32(b[atFlags:])
		if flags&bornV6 != 0 {
			n += v6More
		}
		if flags&storeV6 != 0 {
			n += v6More
		}
	}
	if len(b) < n {
		return w.want(n)
	}
	w.msg = int64(binary.BigEndian.Uint32(b))
	if w.msg < int64(n) || w.msg > w.left || !w.batch && !holds(b) {
		return 0, broken
	}
	f.messages++
	w.phase = inProps
	if !w.batch {
		w.phase = inTopic
		w.wide = binary.BigEndian.Uint32(b[atMagic:]) == magic2
		w.queue = int64(binary.BigEndian.Uint32(b[atQueue:]))
		w.offset = int64(binary.BigEndian.Uint64(b[atOffset:]))
		if f.messages == 1 {
			f.offset, f.hasOffset = w.offset, true
		}
	}
	return n, w.pass(int64(int32(binary.BigEndian.Uint32(b[n-4:]))), n)
}

// topic takes the topic of a message.
func (w *walker) topic(b []byte, f *facts) (int, verdict) {
	k := 1
	if w.wide {
		k = 2
	}
	if len(b) < k {
		return w.want(k)
	}
	n := int(b[0])
	if w.wide {
		n = int(binary.BigEndian.Uint16(b))
	}
	if len(b) < k+n {
		return w.want(k + n)
	}
	name := b[k : k+n]
	f.word(&f.topic, name)
	f.onPlace(name, w.queue, w.offset)
	w.phase = inProps
	return k + n, further
}
