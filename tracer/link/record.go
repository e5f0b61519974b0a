package link

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/span"
)

// Event says what a Record announces.
type Event uint8

// Events. A Record that is Opened and Finished at once is a whole exchange.
const (
	Opened Event = 1 << iota
	Finished
	Closing // the connection of a finished exchange has ended: only Exchange, Slot, Point and Close are valid
)

// Outcome says how an exchange ended; the values other than Answered become
// wirespan.response.
type Outcome uint8

// Outcomes.
const (
	Answered Outcome = iota
	None             // no response was seen
	OneWay
	Orphan // the request was not captured
	Pushed
)

var outcomeNames = [...]string{"", "none", "oneway", "orphan", "pushed"}

// Flags of a Record.
type Flags uint16

// Flags.
const (
	TCP Flags = 1 << iota
	IPv6
	Handshake  // connection seen from its start
	HasSeq     // SeqRequest is valid
	HasSeqResp // SeqResponse is valid
	Truncated  // cut by snaplen
	FirstOfConn
	HasContext
	HasRequestIDTrace
	Failed      // connection that failed before a request
	ContentLess // no message at all: TCP connect
	ContextBack // the context came with the response: a message that was consumed
	InTunnel    // came through a tunnel that only one direction may take: IPIP and its kin
	Routed      // the template is a configured route
	Unrouted    // the template is a guess, which is not to be exported as a route
)

// Record is what join tells about an exchange. It holds no pointers; byte
// strings lie in the Batch.
type Record struct {
	Time  int64  // processing clock when it was made; orders records
	Seq   uint64 // order within the shard
	Shard uint8
	Event Event
	Slot  uint32 // names the exchange within the shard from Opened to Finished
	Facts
}

// Facts are the part of a Record that is kept until the exchange leaves.
type Facts struct {
	Class   l7.Class
	Kind    span.Kind // 0: follows from Class and side
	Proto   uint8     // index into Config.Protos
	Outcome Outcome
	Status  l7.Status
	Close   flows.CloseReason // how the connection ended, on its last exchange
	TTL     uint8             // of the request's packets
	Flags   Flags
	Point   uint16
	Variant uint16 // tells questions about one Target apart: a hash of the DNS type
	Code    int32

	Exchange       uint64
	Client, Server flows.Endpoint
	ConnStart      int64 // first packet of the connection

	Start, RequestEnd, ResponseStart, End int64 // packet times; 0 unknown
	SeqRequest, SeqResponse               uint32

	Context   Context
	IDTrace   span.TraceID // of the first random request ID, with HasRequestIDTrace
	Target    uint64       // hash of method and target, 0 if none: a proxy repeats it
	Forwarded uint64       // hash of the address that X-Forwarded-For and its kin end with, 0 if none
	Trail     Trail        // by which a sighting is known where sequence numbers differ
	IDs       Ref          // request IDs of the request, see AppendID
	Pieces    Pieces       // the other strings; an opened record has nothing but the Host
}

// Piece is one of the byte strings of an exchange that lie together.
type Piece uint8

// Pieces of an exchange, in the order in which they lie.
const (
	Attrs       Piece = iota // span.Attrs that join knows
	Name                     // span name, or its part that does not depend on templates
	Template                 // url.template, empty if the protocol has none
	ErrorType                // error.type
	ResponseIDs              // request IDs of the response, and those behind the head of the request, see AppendID
	Answers                  // of ClassDNS encoded answers, see AppendAnswer; of others terms, see AppendTerm
	Host                     // authority of the request, name of the question for answers
	Community                // Community ID of the connection
	NumPieces
)

// Pieces says where the byte strings lie, one behind the other.
type Pieces struct {
	pos uint32 // as Ref.pos
	end [NumPieces]uint16
}

// ref is the place of a piece.
func (p *Pieces) ref(i Piece) Ref {
	from := uint16(0)
	if i > 0 {
		from = p.end[i-1]
	}
	return Ref{pos: p.pos + uint32(from), len: p.end[i] - from}
}

// whole is the place of all pieces.
func (p *Pieces) whole() Ref { return Ref{pos: p.pos, len: p.end[NumPieces-1]} }

// has reports whether a piece is not empty.
func (p *Pieces) has(i Piece) bool { return p.ref(i).len > 0 }

// Context is a trace context as the linker needs it.
type Context struct {
	Trace   span.TraceID
	Parent  span.SpanID
	Kind    ids.Kind
	Sampled bool
}

// Ref is a byte string in a Batch, later in the Linker's arena. pos is the
// offset in the Batch, or chunk and offset of the arena.
type Ref struct {
	pos uint32
	len uint16
}

// MaxString is the longest byte string that a Ref can name.
const MaxString = 1<<16 - 1

// Batch carries records and their bytes from a worker to the linker. It is
// owned by one side at a time and reused.
type Batch struct {
	Records []Record
	Bytes   []byte
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.Records, b.Bytes = b.Records[:0], b.Bytes[:0] }

// Mark returns the place where the next byte string begins.
func (b *Batch) Mark() int { return len(b.Bytes) }

// Since makes a Ref of the bytes that were appended since mark, at most
// MaxString.
func (b *Batch) Since(mark int) Ref {
	return Ref{pos: uint32(mark), len: uint16(min(len(b.Bytes)-mark, MaxString))}
}

// Add appends a byte string, cut to MaxString.
func (b *Batch) Add(s []byte) Ref {
	mark := b.Mark()
	b.Bytes = append(b.Bytes, s...)
	return b.Since(mark)
}

// Put appends the pieces of an exchange, at most MaxString bytes in all.
func (b *Batch) Put(list *[NumPieces][]byte) (p Pieces) {
	mark := b.Mark()
	p.pos = uint32(mark)
	out := b.Bytes
	for i, s := range list {
		if len(s) > 0 {
			out = append(out, s[:min(len(s), MaxString-(len(out)-mark))]...)
		}
		p.end[i] = uint16(len(out) - mark)
	}
	b.Bytes = out
	return p
}

// PutHost appends the Host of an opened record, at most MaxString bytes.
func (b *Batch) PutHost(s []byte) (p Pieces) {
	r := b.Add(s)
	p.pos, p.end[Host], p.end[Community] = r.pos, r.len, r.len
	return p
}

// Piece returns the bytes of a piece of a record of this batch.
func (b *Batch) Piece(f *Facts, i Piece) []byte { return b.View(f.Pieces.ref(i)) }

// View returns the bytes of a Ref of this batch.
func (b *Batch) View(r Ref) []byte { return b.Bytes[r.pos : r.pos+uint32(r.len)] }
