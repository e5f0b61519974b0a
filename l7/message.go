package l7

// Kind says what a Message is.
type Kind uint8

// Kinds of messages.
const (
	Request  Kind = iota
	Response      // answers the request found by Proto.Pairing
	Interim       // precedes the response proper (HTTP 1xx); Code goes to the exchange
	OneWay        // a request that is never answered
	Pushed        // from the server, without request
	End           // ends an earlier message of the same direction that was emitted with More
)

// Status is the outcome that a response states.
type Status uint8

// Statuses.
const (
	Unset Status = iota
	OK
	ClientError // an error only at the client's side of the span (HTTP 4xx)
	ServerError
)

// Side says who a span is told of, where that does not follow from the class of
// its protocol (SPANS.md, "Name and kind").
type Side uint8

// Sides.
const (
	AnySide Side = iota
	ClientSide
	Producer // sends to a queue
	Consumer // receives from one
)

// Stamp says when and where a byte of a stream was seen.
type Stamp struct {
	Time   int64  // nanoseconds since 1970, packet time
	Offset int64  // bytes of the stream before it, gaps included
	Seq    uint32 // TCP sequence number of the byte; 0 for UDP
	Ack    uint32 // acknowledgement number of the segment that carried it; 0 for UDP
}

// Message is one request, response or event. Its slices are borrowed: from
// the input of Parse, or from the parser; they must stay unchanged until Parse
// returns, and are not kept after that.
type Message struct {
	Kind  Kind
	More  bool   // the message goes on after this step; an End will follow
	Match uint64 // stream id, correlation id, transaction id, for ByMatch
	Final bool   // no message follows in this direction that answers anything (upgrade, CONNECT)

	Op       []byte // "GET", "SELECT", "Produce"
	Resource []byte // path, table, topic, name
	Host     []byte // authority the client named, without userinfo
	Version  []byte // network.protocol.version
	Protocol string // network.protocol.name if it is not Proto.Name, one of Proto.Also: "grpc"
	Class    Class  // if it is not ClassOther, instead of that of the Proto: gRPC within HTTP/2
	Side     Side   // span kind where the class does not tell; of a response: AnySide leaves the request's
	Name     []byte // span name; empty: made of Op and Resource as the class says
	Status   Status
	Code     int32  // status code, 0 if none
	Error    []byte // error.type; empty: derived from Code
	Size     int64  // body bytes, -1 if unknown
	Media    []byte // media type of the body in an attribute of type Body, empty if unknown
	HeadSize int    // bytes of the message's head, 0 if the whole message was consumed at once; bounds what the exchange key hashes
	IDs      []ID
	Attrs    []Attr
	Answers  []Answer // DNS
	Terms    []Term

	First, Last Stamp // set by the engine; Last is valid unless More
	Lost        int64 // bytes of the message that were never seen, so far
}

// IDClass says what an ID is good for.
type IDClass uint8

// Classes of IDs.
const (
	IDNone      IDClass = iota
	IDRequest           // request ID of a gateway: x-request-id and its kin
	IDContext           // trace context, W3C and others
	IDBaggage           // second half of a context: x-datadog-tags, x-b3-spanid, ...
	IDForwarded         // the client's address: X-Forwarded-For and its kin
	IDMessage           // what a message is known by on both sides of a queue: a message id, or a digest of its body
	IDUser              // a field that the user configured, used like a request ID
)

// ID is a header, property or comment that names a request.
type ID struct {
	Class IDClass
	Name  []byte // as on the wire
	Value []byte
}

// Attr is an attribute of a message.
type Attr struct {
	Key uint8  // index into Proto.Keys
	Str []byte // String, Strings
	Num int64  // Int, Ints, Bool (0 or 1), Float (math.Float64bits)
}

// Term says what a protocol calls something by a key that is the same on all
// connections, such as the id of a Kafka topic. Without a name it asks: the
// message is about what has this key, and whoever knows the name completes
// messaging.destination.name and the span name, Op followed by it.
type Term struct {
	Key  [16]byte
	Name []byte
}

// Answer is an address that a DNS response gave.
type Answer struct {
	Name []byte // the name that was asked for
	Addr [16]byte
	TTL  uint32 // seconds
}
