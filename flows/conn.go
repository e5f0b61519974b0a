package flows

import "github.com/wirespan/wirespan/capture/wire"

// Dir is the direction of a stream.
type Dir uint8

// Directions, relative to Conn.Client and Conn.Server.
const (
	ToServer Dir = iota
	ToClient
)

// Opposite returns the other direction.
func (d Dir) Opposite() Dir { return d ^ 1 }

// Stamp says when and where a byte of a stream was seen.
type Stamp struct {
	Time   int64  // of the packet that completed the byte's arrival, nanoseconds since 1970
	Offset int64  // bytes of the stream before it, gaps included
	Seq    uint32 // TCP sequence number of the byte; 0 for UDP
	Ack    uint32 // acknowledgement number of the segment that carried it; 0 for UDP
}

// Endpoint is one end of a connection.
type Endpoint struct {
	Addr wire.Addr
	Port uint16
}

// Certainty says how well the roles of client and server are known.
type Certainty uint8

// Levels of certainty, in rising order.
const (
	Guessed  Certainty = iota // by ports, or by who spoke first
	Content                   // by what was said (Conn.Flip or Conn.Confirm)
	Observed                  // by SYN or SYN-ACK
)

// Conn is one life of a five-tuple at one capture point. The Table owns it; a
// Handler may read it during a call and keep it until Close returns.
type Conn struct {
	ID             uint64 // unique within the Table, in order of first packet
	Client, Server Endpoint
	Roles          Certainty
	Proto          uint8 // wire.ProtoTCP, or of datagrams: wire.ProtoUDP, ProtoICMP, ProtoICMPv6
	Version        uint8 // 4 or 6
	Handshake      bool  // TCP: SYN, SYN-ACK and the client's ACK were seen
	LateOpen       bool  // that ACK came with payload: OpenTime is not the end of the handshake
	Point          uint16
	VLAN           uint16
	TTL            [2]uint8 // by Dir, of the first packet seen; 0 if none
	Tunnel         wire.Tunnel

	First, Last int64 // packet times
	SynTime     int64 // first SYN, 0 if not seen
	SynAckTime  int64 // first SYN-ACK
	OpenTime    int64 // client's ACK that completed the handshake

	TCP Metrics

	// Ext belongs to the Handler.
	Ext any

	state connState
}

// Metrics are the TCP measurements of a connection, defined in
// reference/deepflow.md, section 2.5. Times in nanoseconds, 0 if not measured.
type Metrics struct {
	RTT                   int64 // SYN to the client's ACK of the SYN-ACK, if that came without payload
	RTTClient             int64 // SYN-ACK to that ACK
	RTTServer             int64 // SYN to SYN-ACK
	SYNRetransmissions    uint32
	SYNACKRetransmissions uint32
	Dir                   [2]DirMetrics
}

// DirMetrics are the measurements of one direction.
type DirMetrics struct {
	Packets, Bytes  uint64 // packets, and payload bytes on the wire
	Retransmissions uint32 // segments of which nothing was new; keep-alives are not counted
	OutOfOrder      uint32 // segments that filled an earlier gap
	ZeroWindows     uint32 // packets that announced a window of zero
	KeepAlives      uint32
	Lost            uint64 // bytes that were never seen
	Truncated       uint64 // of these, bytes cut by snaplen
	SRT             Delay  // data to the peer's pure ACK of exactly it (this direction's data)
	ART             Delay  // request data to the next in-sequence data of the other side; in Dir[ToServer]
	CIT             Delay  // client idle: server data, or the end of the handshake, to the client's next data; in Dir[ToClient]
}

// Delay sums up a kind of delay. Nanoseconds.
type Delay struct {
	Sum, Max int64
	Count    uint32
}

// Add counts one delay.
func (d *Delay) Add(ns int64) {
	d.Sum += ns
	d.Max = max(d.Max, ns)
	d.Count++
}

// CloseReason says how a connection ended (reference/deepflow.md, 2.6).
type CloseReason uint8

// Close reasons.
const (
	CloseUnknown       CloseReason = iota
	CloseNormal                    // FIN both ways, or the peer's RST after it
	CloseClientRST                 // client's RST after a good answer: normal for some clients
	CloseServerReset               // server's RST in transfer
	CloseClientReset               // client's RST in transfer
	CloseServerHalf                // only the server sent FIN
	CloseClientHalf                // only the client sent FIN
	CloseTimeout                   // idle for longer than the bound
	CloseSynTimeout                // SYN without answer
	CloseAckTimeout                // SYN-ACK repeated, client's ACK never came
	CloseRefused                   // server's RST to the SYN
	CloseClientAbort               // client's RST while opening
	CloseServerAbort               // server's RST while opening, after its SYN-ACK
	CloseQueueOverflow             // SYN-ACK repeated after the client's ACK
	ClosePortReuse                 // a new SYN took the five-tuple
	CloseEvicted                   // given up because of a bound
	CloseEnded                     // the input ended
	NumCloseReasons
)

var closeNames = [NumCloseReasons]string{
	"", "normal", "client_rst", "server_reset", "client_reset", "server_half_close", "client_half_close",
	"timeout", "syn_timeout", "ack_timeout", "refused", "client_abort", "server_abort", "queue_overflow",
	"port_reuse", "evicted", "capture_ended",
}

// String gives the value of wirespan.tcp.close.
func (r CloseReason) String() string { return closeNames[r] }

// Handler receives what a Table finds. All calls come from the Table's
// goroutine, in packet order.
type Handler interface {
	// Open announces a connection before anything else of it. c.Ext is nil.
	Open(c *Conn)
	// Data gives the next bytes of one direction: in order, once, borrowed
	// until it returns. UDP: one datagram.
	Data(c *Conn, dir Dir, b []byte, at Stamp)
	// Gap says that lost bytes will never come. at is the place of the first
	// of them; its time is that of the packet that proved the loss.
	Gap(c *Conn, dir Dir, lost int64, at Stamp)
	// EOF says that a direction has ended in order (FIN); the other may go on.
	EOF(c *Conn, dir Dir, at Stamp)
	// Close ends the connection at packet time now; c must not be used later.
	Close(c *Conn, why CloseReason, now int64)
}
