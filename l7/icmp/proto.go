package icmp

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Echo message: type, code, checksum, identifier, sequence number.
const (
	head         = 8
	echoReply    = 0
	echoRequest  = 8
	echo6Request = 128
	echo6Reply   = 129
)

// Attributes, as indexes into the keys of Proto.
const (
	keyID uint8 = iota
	keySequence
	keySize
)

// Proto describes ICMP echo.
func Proto() l7.Proto {
	return l7.Proto{
		Name: "icmp", Class: l7.ClassOther, Transport: l7.ICMP, Pairing: l7.ByMatch,
		Depth: "echo requests and replies",
		Keys: []l7.Key{
			keyID:       {Name: "wirespan.icmp.id", Type: l7.Int, Doc: "identifier of the echo"},
			keySequence: {Name: "wirespan.icmp.sequence", Type: l7.Int, Doc: "sequence number of the echo"},
			keySize:     {Name: "wirespan.icmp.size", Type: l7.Int, Doc: "bytes of data in the request"},
		},
		Detect: Detect,
		New:    func(l7.Options) l7.Parser { return parser{} },
	}
}

// Detect is certain: the transport carries nothing else.
func Detect(_ l7.Dir, b []byte) l7.Verdict {
	if len(b) < head || b[1] != 0 {
		return l7.No
	}
	switch b[0] {
	case echoRequest, echo6Request, echoReply, echo6Reply:
		return l7.Yes
	}
	return l7.No
}

// parser needs to remember nothing.
type parser struct{}

var (
	opEcho   = []byte("echo")
	nameEcho = []byte("ICMP echo")
)

// Parse reads one message.
func (parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if Detect(dir, b) != l7.Yes {
		return l7.Step{}, l7.ErrNotMine
	}
	id, _ := cursor.Uint16(b, 4)
	seq, _ := cursor.Uint16(b, 6)
	asker, kind := dir, l7.Request
	if b[0] == echoReply || b[0] == echo6Reply {
		asker, kind = dir.Opposite(), l7.Response
	}
	m := out.Begin(kind)
	m.Match = uint64(asker)<<32 | uint64(id)<<16 | uint64(seq)
	m.Op, m.Name, m.HeadSize = opEcho, nameEcho, head
	if kind == l7.Response {
		m.Status = l7.OK
	}
	m.Int(keyID, int64(id))
	m.Int(keySequence, int64(seq))
	if kind == l7.Request {
		m.Int(keySize, int64(len(b)-head))
	}
	out.Emit(dir)
	return l7.Step{Consumed: len(b)}, nil
}

// Gap: messages stand alone.
func (parser) Gap(l7.Dir, int64) bool { return true }

// Resync takes the next message.
func (parser) Resync(l7.Dir, []byte) (int, bool) { return 0, true }

// Cut has nothing to tell.
func (parser) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End has nothing to tell.
func (parser) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish has nothing to tell.
func (parser) Finish(*l7.Emitter) {}
