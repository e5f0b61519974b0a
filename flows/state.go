package flows

// A connection has two sides that keep their number when the roles change:
// side 0 is the Client at the time the Conn was opened. The private state is
// kept by side, so that Flip, which may be called from within Data, moves
// nothing that the Table is working on.
type side = uint8

// class is the stage of a connection; it chooses the timeout.
type class uint8

const (
	classSyn     class = iota // SYN seen, no answer
	classOpening              // SYN-ACK seen, no ACK; or no SYN and no payload yet
	classOpen                 // payload may flow
	classHalf                 // one direction has ended
	classUDP
	classTomb // closed; kept so that late segments find it
	numClasses
)

// Flags of a side.
const (
	sideKnown uint8 = 1 << iota // next is valid
	sideSyn                     // SYN or SYN-ACK seen: next started from the ISN
	sideAcked                   // acked is valid
	sideEOF                     // FIN delivered; next counts it
	sideSeen                    // has sent something; without it nothing of it is called lost
)

// Flags of a connection.
const (
	flagFlip      uint8 = 1 << iota // side 0 is the Server
	flagOpenRoles                   // the first payload decides the roles
	flagTurn                        // data was delivered; lastSide and dataTime are valid
	flagLastSide                    // side of the latest data
	flagSRT                         // the latest data waits for its pure ACK
	flagOverflow                    // SYN-ACK repeated after the client's ACK
	flagRefused                     // tomb of a refused SYN
)

// connState is the Table's part of a Conn: 64 bytes, because a million idle
// connections have one each.
type connState struct {
	offset   [2]int64  // bytes of the stream before next, gaps included
	dataTime int64     // of the latest in-sequence data of either side
	next     [2]uint32 // expected sequence number
	acked    [2]uint32 // highest acknowledgement number from the other side

	prev, succ uint32 // in the queue of its class
	touch      uint32 // tick of the latest packet, modulo 2^32
	reorder    uint32 // index into Table.reorders plus one; 0 if nothing is missing
	tunnelKey  uint32
	class      class
	side       [2]uint8
	flags      uint8
}

// base is the sequence number of the first byte of a side's stream.
func (st *connState) base(s side) uint32 {
	b := st.next[s] - uint32(st.offset[s])
	if st.side[s]&sideEOF != 0 {
		b--
	}
	return b
}

// start sets where the stream of a side begins.
func (st *connState) start(s side, seq uint32, flags uint8) {
	st.next[s] = seq
	st.side[s] |= sideKnown | flags
}

func (st *connState) dir(s side) Dir { return Dir(s ^ st.flags&flagFlip) }

func (st *connState) has(s side, flag uint8) bool { return st.side[s]&flag != 0 }

// lastDir is the direction of the latest data, valid if flagTurn is set.
func (st *connState) lastDir() Dir {
	return st.dir(st.flags & flagLastSide / flagLastSide)
}

// after reports whether sequence number a comes after b.
func after(a, b uint32) bool { return int32(a-b) > 0 }

// Flip exchanges Client and Server with all that belongs to a direction; later
// calls of the Handler use the new directions. For those who have learnt from
// the bytes that the guess was wrong. It may be called while the Handler runs.
func (c *Conn) Flip() {
	c.swap()
	c.Roles = Content
}

// Confirm says that the bytes agree with the roles.
func (c *Conn) Confirm() { c.Roles = max(c.Roles, Content) }

func (c *Conn) swap() {
	c.Client, c.Server = c.Server, c.Client
	c.TTL[0], c.TTL[1] = c.TTL[1], c.TTL[0]
	c.TCP.Dir[0], c.TCP.Dir[1] = c.TCP.Dir[1], c.TCP.Dir[0]
	c.TCP.RTTClient, c.TCP.RTTServer = c.TCP.RTTServer, c.TCP.RTTClient
	c.state.flags ^= flagFlip
}
