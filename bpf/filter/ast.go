package filter

// cond is a condition on a packet.
type cond interface{ isCond() }

// Conditions.
type (
	andCond struct{ l, r cond }
	orCond  struct{ l, r cond }
	notCond struct{ x cond }

	// scopeCond is a condition that was written as an expression of its own:
	// what "vlan" and the like do to offsets in it ends with it.
	scopeCond struct {
		expr string
		x    cond // nil: every packet
	}

	// protoCond is a protocol's name alone.
	protoCond struct {
		at   span
		name string
	}

	// idCond is an address, port, network or protocol number with its
	// qualifiers, which may be those of its predecessor.
	idCond struct {
		at   span
		q    qualifier
		id   token
		mask token // of "net 10.0.0.0 mask 255.0.0.0"; tokEnd if none
		bits int   // of "net 10.0.0.0/8"; -1 if none
	}

	// wordCond is a primitive with a name of its own: broadcast, less, vlan, ...
	wordCond struct {
		at    span
		word  string
		proto string
		args  []token
	}

	// relCond compares numbers: > >= = <= < !=.
	relCond struct {
		at   span
		op   string
		l, r arith
	}
)

func (*andCond) isCond()   {}
func (*orCond) isCond()    {}
func (*notCond) isCond()   {}
func (*scopeCond) isCond() {}
func (*protoCond) isCond() {}
func (*idCond) isCond()    {}
func (*wordCond) isCond()  {}
func (*relCond) isCond()   {}

// qualifier is what stands in front of an id. Empty strings are the defaults;
// kind "?" means that there is nothing to inherit.
type qualifier struct {
	proto string // tcp, ip, link, ...
	dir   string // src, dst, or, and, addr1 to addr4, ra, ta
	kind  string // host, net, port, portrange, gateway, proto, protochain
}

// nothing is the qualifier that cannot be inherited.
var nothing = qualifier{kind: "?"}

// arith is a number that is computed from the packet.
type arith interface{ where() span }

// Numbers.
type (
	numArith struct {
		at  span
		num uint32
	}
	lenArith struct{ at span }

	// accessArith is proto[index:size].
	accessArith struct {
		at     span
		proto  string
		index  arith
		size   uint32
		sizeAt span
	}
	binArith struct {
		op   string
		l, r arith
		opAt span
	}
	negArith struct {
		at span
		x  arith
	}
)

func (a *numArith) where() span    { return a.at }
func (a *lenArith) where() span    { return a.at }
func (a *accessArith) where() span { return a.at }
func (a *binArith) where() span    { return a.l.where().to(a.r.where()) }
func (a *negArith) where() span    { return a.at.to(a.x.where()) }
