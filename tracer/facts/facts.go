// Package facts is what an agent knows of an exchange beyond the attributes of its
// span, in a few bytes, so that a server can link the spans of many agents by the
// rules by which each agent links its own. It travels as the attribute
// wirespan.facts, in spans for a wirespan server or store only.
//
//	version 1 | class | kind | status | ttl
//	uvarint flags | uvarint variant | uvarint age of the connection, ns
//	uvarint context: 0 none, else kind<<2 | sampled<<1 | 1, then 16 bytes trace id, 8 bytes parent
//	8 exchange | 8 target | 8 forwarded | 8 head | 4 ack | 4 next | uvarint offset
//	uvarint rtt of the client, of the server | length class
//	uvarint length, message ids | uvarint length, host | uvarint length, answers
//
// Numbers of a fixed size are little endian, and there only if flags say so (the
// bits above 16). What is behind the end of a version is ignored, so that fields can
// be added.
package facts

import (
	"encoding/binary"
	"errors"
)

// Name is the name of the attribute.
const Name = "wirespan.facts"

// Facts are those of one exchange at one capture point. Fields mean what they mean
// in link.Facts.
type Facts struct {
	Class, Kind, Status, TTL uint8
	Flags, Variant           uint16
	Age                      int64 // ns from the first packet of the connection to the start

	HasContext  bool
	Sampled     bool
	ContextKind uint8
	Trace       [16]byte
	Parent      [8]byte

	Exchange             uint64 // key of this sighting, 0: the one that is on the span
	Target, Forwarded    uint64
	Head                 uint64 // of link.Trail, as what follows
	Ack, Next, Offset    uint32
	RTTClient, RTTServer uint32
	Length               uint8

	Messages []byte // ids of messages, as link.AppendMessageID encodes them
	Host     []byte
	Answers  []byte // as link.AppendAnswer, or AppendTerm
}

// ErrFacts says that bytes are no facts of a version that is known.
var ErrFacts = errors.New("facts: not of a known version, or cut")

const version = 1

// Bits above link.Flags.
const (
	hasExchange = 1 << (16 + iota)
	hasTarget
	hasForwarded
	hasHead
	hasAck
	hasNext
)

// Append adds the encoded facts to b.
func Append(b []byte, f *Facts) []byte {
	flags := uint64(f.Flags)
	has := func(ok bool, bit uint64) {
		if ok {
			flags |= bit
		}
	}
	has(f.Exchange != 0, hasExchange)
	has(f.Target != 0, hasTarget)
	has(f.Forwarded != 0, hasForwarded)
	has(f.Head != 0, hasHead)
	has(f.Ack != 0, hasAck)
	has(f.Next != 0, hasNext)
	b = append(b, version, f.Class, f.Kind, f.Status, f.TTL)
	b = binary.AppendUvarint(b, flags)
	b = binary.AppendUvarint(b, uint64(f.Variant))
	b = binary.AppendUvarint(b, uint64(max(0, f.Age)))
	b = appendContext(b, f)
	b = append64(b, f.Exchange)
	b = append64(b, f.Target)
	b = append64(b, f.Forwarded)
	b = append64(b, f.Head)
	b = append32(b, f.Ack)
	b = append32(b, f.Next)
	b = binary.AppendUvarint(b, uint64(f.Offset))
	b = binary.AppendUvarint(b, uint64(f.RTTClient))
	b = binary.AppendUvarint(b, uint64(f.RTTServer))
	b = append(b, f.Length)
	for _, s := range [...][]byte{f.Messages, f.Host, f.Answers} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

func appendContext(b []byte, f *Facts) []byte {
	if !f.HasContext {
		return append(b, 0)
	}
	n := uint64(f.ContextKind)<<2 | 1
	if f.Sampled {
		n |= 2
	}
	b = binary.AppendUvarint(b, n)
	return append(append(b, f.Trace[:]...), f.Parent[:]...)
}

func append64(b []byte, v uint64) []byte {
	if v == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint64(b, v)
}

func append32(b []byte, v uint32) []byte {
	if v == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint32(b, v)
}

// reader takes fields off bytes; bad once there were too few.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	s := r.b[:n:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) byte() uint8 {
	if s := r.take(1); s != nil {
		return s[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) u64(has bool) uint64 {
	if !has {
		return 0
	}
	if s := r.take(8); s != nil {
		return binary.LittleEndian.Uint64(s)
	}
	return 0
}

func (r *reader) u32(has bool) uint32 {
	if !has {
		return 0
	}
	if s := r.take(4); s != nil {
		return binary.LittleEndian.Uint32(s)
	}
	return 0
}

// Parse reads facts. Messages, Host and Answers borrow from b.
func Parse(b []byte) (f Facts, err error) {
	r := reader{b: b}
	if r.byte() != version {
		return f, ErrFacts
	}
	f.Class, f.Kind, f.Status, f.TTL = r.byte(), r.byte(), r.byte(), r.byte()
	flags := r.uvarint()
	f.Flags, f.Variant, f.Age = uint16(flags), uint16(r.uvarint()), int64(r.uvarint()&(1<<63-1))
	if c := r.uvarint(); c&1 != 0 {
		f.HasContext, f.Sampled, f.ContextKind = true, c&2 != 0, uint8(c>>2)
		copy(f.Trace[:], r.take(16))
		copy(f.Parent[:], r.take(8))
	}
	f.Exchange = r.u64(flags&hasExchange != 0)
	f.Target, f.Forwarded, f.Head = r.u64(flags&hasTarget != 0), r.u64(flags&hasForwarded != 0), r.u64(flags&hasHead != 0)
	f.Ack, f.Next = r.u32(flags&hasAck != 0), r.u32(flags&hasNext != 0)
	f.Offset, f.RTTClient, f.RTTServer = uint32(r.uvarint()), uint32(r.uvarint()), uint32(r.uvarint())
	f.Length = r.byte()
	f.Messages = r.take(r.uvarint())
	f.Host = r.take(r.uvarint())
	f.Answers = r.take(r.uvarint())
	if r.bad {
		return Facts{}, ErrFacts
	}
	return f, nil
}
