package link

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// idSize is the encoded size of an id: hash of the value, hash of the name's
// class, bits of entropy, direction.
const idSize = 8 + 8 + 1 + 1

// strongBits is the entropy from which an ID may name a trace and may link
// without continuity of addresses (DESIGN.md, section 7).
const strongBits = 48

// wireID is a request ID as the linker compares it.
type wireID struct {
	value, name uint64
	bits        uint8
	response    bool
	message     bool // of a message in a queue: only through that it says something
}

// AppendID encodes a request ID for Record.IDs. name is its class, in lower
// case with '-' for '_'.
func AppendID(b, name, value []byte, bits float64, response bool) []byte {
	b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64(value))
	b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64(name))
	r := byte(0)
	if response {
		r = 1
	}
	return append(b, byte(min(bits, 255)), r)
}

// AppendMessageID encodes what a message is known by on both sides of a queue.
func AppendMessageID(b, name, value []byte, response bool) []byte {
	b = AppendID(b, name, value, 255, response)
	b[len(b)-1] |= messageBit
	return b
}

// messageBit marks the last byte of an id.
const messageBit = 2

func idAt(b []byte, i int) wireID {
	b = b[i*idSize:]
	return wireID{
		value: binary.LittleEndian.Uint64(b), name: binary.LittleEndian.Uint64(b[8:]),
		bits: b[16], response: b[17]&1 != 0, message: b[17]&messageBit != 0,
	}
}

// same reports whether two IDs name the same request: weak ones must come
// under the same name.
func (a wireID) same(b wireID) bool {
	return a.value == b.value && (a.name == b.name || a.bits >= strongBits)
}

// answerSize is the encoded size of an answer: address and TTL.
const answerSize = 16 + 4

// AppendAnswer encodes an address that a DNS response gave, for the piece Answers.
// The name follows all answers and is the piece Host.
func AppendAnswer(b []byte, addr *[16]byte, ttl uint32) []byte {
	b = append(b, addr[:]...)
	return binary.LittleEndian.AppendUint32(b, ttl)
}

func answerAt(b []byte, i int) (addr [16]byte, ttl uint32) {
	b = b[i*answerSize:]
	copy(addr[:], b)
	return addr, binary.LittleEndian.Uint32(b[16:])
}

// AddrHash is the hash of an address for Record.Forwarded.
func AddrHash[A ~[16]byte](a *A) uint64 { return xxhash.Sum64((*a)[:]) }
