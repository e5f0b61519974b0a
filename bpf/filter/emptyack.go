package filter

// emptyACK is true for whole TCP segments without data that neither open nor
// close a connection: acknowledgements, window updates and some keep-alives.
// Of fragments, and where segmentation is offloaded (length 0), nothing is
// said. IPv6 extension headers hide TCP from it.
const emptyACK = "(ip and tcp and ip[6:2] & 0x3fff = 0 and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) = 0" +
	" and ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) = 0)" +
	" or (ip6 and ip6[6] = 6 and ip6[53] & (tcp-syn|tcp-fin|tcp-rst) = 0" +
	" and ip6[4:2] - ((ip6[52] & 0xf0) >> 2) = 0)"

// EmptyACK is the expression for TCP segments that carry nothing but an
// acknowledgement. A capture without them, And(e, Not(EmptyACK())), costs less;
// what is lost are round-trip times of the side that only receives, zero
// windows, and retransmissions that only duplicate acknowledgements would show.
func EmptyACK() *Expr { return MustParse(emptyACK) }
