package l7

import "errors"

// Dir says which way bytes travel. Both directions enter by the same door.
type Dir uint8

// Directions.
const (
	ToServer Dir = iota
	ToClient
)

// Opposite returns the other direction.
func (d Dir) Opposite() Dir { return d ^ 1 }

// Verdict is what detection says about the first bytes of a stream.
type Verdict uint8

// Verdicts, in rising certainty.
const (
	No       Verdict = iota // certainly not this protocol
	NeedMore                // so far it could be; ask again with more bytes
	Maybe                   // plausible; taken when no other protocol says Yes
	Yes                     // certain
)

// Errors of Parse. They are sentinels; a parser returns no other.
var (
	ErrNotMine = errors.New("l7: bytes are not this protocol") // before the first message: try the next
	ErrDesync  = errors.New("l7: lost message boundary")       // engine calls Resync
	ErrOpaque  = errors.New("l7: stream became opaque")        // compression, encryption: stop looking
	ErrSwitch  = errors.New("l7: another protocol follows")    // tunnel, upgrade, STARTTLS: behind what was consumed, in both directions, detection starts again
)

// Step is what one call of Parse achieved. The zero Step asks for more bytes.
type Step struct {
	Consumed int   // bytes of b that are done with
	Skip     int64 // further bytes to discard unseen, as a body; a gap inside them is harmless
	Need     int   // do not call again before len(b) >= Need; 0 means any
}

// SkipAll as Step.Skip discards the rest of the direction: a body that ends
// with the connection.
const SkipAll = int64(1) << 62

// Parser reads one connection. It keeps no reference to b after Parse returns,
// calls no clock, starts no goroutine, and emits at most one Message per call.
type Parser interface {
	// Parse reads b, the unread bytes of one direction. A Step that consumes
	// nothing and skips nothing asks for more bytes; the engine bounds how
	// many it keeps (Proto.Window). If it emitted a message all the same, such
	// as the End of one that turns out to be over, Parse is called again with
	// the same bytes; a few times in a row at most, answers to requests not
	// counted.
	Parse(dir Dir, b []byte, out *Emitter) (Step, error)
	// Gap says that bytes were lost at a place that was not skipped. keep
	// means that the parser can go on with the next byte; otherwise the engine
	// calls Resync before it parses again.
	Gap(dir Dir, lost int64) (keep bool)
	// Resync looks for the nearest plausible message start in b, resets the
	// state of the direction and returns its offset. ok is false if there is
	// none; then off says how many bytes cannot be part of one.
	Resync(dir Dir, b []byte) (off int, ok bool)
	// Cut says that what comes behind b, the unread bytes of a direction, will
	// never be seen: there is a gap, and Gap follows, or the connection is over.
	// If b holds the start of a message that was not announced, emit what is
	// known of it; the engine ends it as one that was cut.
	Cut(dir Dir, b []byte, out *Emitter)
	// End says that a direction has ended in order (FIN). b holds the bytes
	// that are still unread. Bodies that last until the end are complete now. A
	// message that the end cut short is emitted with More.
	End(dir Dir, b []byte, out *Emitter)
	// Finish ends the connection: emit what is half done.
	Finish(out *Emitter)
}

// Transport says which transports carry a protocol.
type Transport uint8

// Transports, as a set.
const (
	TCP Transport = 1 << iota
	UDP
	ICMP // echo requests and replies, of IPv4 and IPv6; the message from its type on
)

// Class is a family of protocols that name, classify and pair alike (SPANS.md,
// "Name and kind").
type Class uint8

// Classes.
const (
	ClassOther Class = iota
	ClassHTTP
	ClassRPC
	ClassDB
	ClassMessaging
	ClassDNS
	ClassTLS
)

// Proto describes a protocol. It is a value in a list, not a registration.
type Proto struct {
	Name      string   // OpenTelemetry spelling: "redis", "postgresql"
	Also      []string // other values that Message.Protocol may have
	Class     Class
	Transport Transport
	Ports     []uint16 // a hint that orders detection, never a decision
	Window    int      // most bytes of one direction that are kept for Parse to see at once
	Pairing   Pairing
	Keys      []Key  // attributes that the parser sets; Attr.Key indexes it
	Depth     string // one line for wirespan doctor --protocols: how much of a message is read
	Detect    func(dir Dir, b []byte) Verdict
	New       func(Options) Parser
}

// Pairing says how responses find their requests.
type Pairing uint8

// Kinds of pairing.
const (
	InOrder Pairing = iota // first in, first answered
	ByMatch                // Message.Match is equal
)

// KeyType is the type of an attribute's value.
type KeyType uint8

// Types of attribute values.
const (
	String KeyType = iota
	Int
	Bool
	Float
	Strings // the attribute is added once per element
	Ints
	Body // a String that is the beginning of a body of type Message.Media: redacted as such
)

// Key describes an attribute.
type Key struct {
	Name string // OpenTelemetry name, or wirespan.*
	Type KeyType
	Doc  string // one line for the attribute reference
}

// Options are what parsers may be told.
type Options struct {
	IDs    IDMatcher // recognises header names; never nil
	Bodies int       // bytes of each body to capture, 0 none

	// What the engine knows of the connection when the parser starts, for
	// parsers whose protocol has a different name by port or by group (DNS:
	// mdns, llmnr). A hint for naming only: roles may be exchanged later.
	ClientPort, ServerPort uint16 // 0 if unknown
	Multicast              bool   // one end is a multicast group: nobody answers on this connection
	After                  string // name of the protocol that ended with ErrSwitch before this one, or that carries this one

	Keys KeySource // secrets of encrypted connections; nil if there are none
}

// KeySource knows secrets by which encrypted connections can be read. It is used
// by several goroutines at once. What it returns must not be changed, and must
// not get into messages.
type KeySource interface {
	// Secret returns the secret of this label (SSLKEYLOGFILE format:
	// "CLIENT_RANDOM", "SERVER_TRAFFIC_SECRET_0") of the connection whose
	// ClientHello had this random; nil if it is not known, which may change.
	Secret(label string, random []byte) []byte
	// PreMaster deciphers what a client enciphered to the server's RSA key; nil
	// if the key is not known.
	PreMaster(encrypted []byte) []byte
	// Private reports whether PreMaster has keys to try.
	Private() bool
}

// IDMatcher recognises names of headers, comment keys and properties that
// carry IDs. l7/ids has the implementation.
type IDMatcher interface {
	// Match classifies a name as it is on the wire; IDNone if it carries none.
	Match(name []byte) IDClass
}
