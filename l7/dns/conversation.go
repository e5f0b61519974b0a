package dns

import "github.com/wirespan/wirespan/l7"

// Dialects, as network.protocol.name.
const (
	nameMDNS  = "mdns"
	nameLLMNR = "llmnr"
)

// conversation is what one connection needs to remember, and the buffers that
// its Messages borrow.
type conversation struct {
	protocol  string // "mdns", "llmnr"; empty for plain DNS
	keepUTF8  bool   // the dialect's names are UTF-8
	broadcast bool   // nobody answers on this connection
	stream    bool   // over TCP, where an answer may be several messages
	started   bool   // a message was read

	asked asked
	zone  transfers

	name, op, class, opcode, rcode []byte
	texts                          []byte // answers, and owner names of answers
}

// converse sets up a conversation. A port names the dialect, but a query that
// happens to come from port 5353 and goes to port 53 is plain DNS. Multicast DNS
// between two ports 5353 goes to the group (RFC 6762, section 5.2); queries from
// other ports are answered.
func converse(o l7.Options) conversation {
	c := conversation{broadcast: o.Multicast}
	speaks := func(port uint16) bool {
		return o.ServerPort == port || o.ClientPort == port && o.ServerPort != portDNS
	}
	switch {
	case speaks(portMDNS):
		c.protocol, c.keepUTF8 = nameMDNS, true
		c.broadcast = c.broadcast || o.ClientPort == o.ServerPort
	case speaks(portLLMNR):
		c.protocol, c.keepUTF8 = nameLLMNR, true
	}
	return c
}

// maxAsked bounds how many queries are remembered.
const maxAsked = 32

// asked remembers the latest queries, for answers that do not repeat their
// question: updates (RFC 2136, section 3.8), errors, and zone transfers.
type asked struct {
	id    [maxAsked]uint16
	match [maxAsked]uint64
	n     uint // queries seen
}

func (a *asked) add(id uint16, match uint64) {
	a.id[a.n%maxAsked], a.match[a.n%maxAsked] = id, match
	a.n++
}

// find returns the Match of the latest query with that id.
func (a *asked) find(id uint16) (match uint64, ok bool) {
	for i := uint(1); i <= min(a.n, maxAsked); i++ {
		if k := (a.n - i) % maxAsked; a.id[k] == id {
			return a.match[k], true
		}
	}
	return 0, false
}

// matchOf combines the transaction id with the question, so that queries that
// share an id but not the question stay apart. The id is in the high 16 bits;
// the low ones are 0 when no question is known.
func matchOf(id uint16, q *question) uint64 {
	m := uint64(id) << 48
	if !q.asked {
		return m
	}
	h := (q.hash ^ uint64(q.typ>>8)) * fnvPrime
	h = (h ^ uint64(q.typ&0xff)) * fnvPrime
	h ^= h >> 48
	return m | h&(1<<48-1)
}
