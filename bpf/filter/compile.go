package filter

import (
	"errors"
	"fmt"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// DefaultSnaplen is what programs keep of a packet unless told otherwise: all,
// as tcpdump does.
const DefaultSnaplen = 262144

// Options say what a program is for. Link must be set (0 is NULL).
type Options struct {
	// Link is the link type of the frames.
	Link capture.LinkType

	// Snaplen is how many bytes the program keeps of a packet that matches; 0
	// is DefaultSnaplen.
	Snaplen uint32

	// Snaps keep less of some packets: the first whose condition holds counts.
	Snaps []Snap

	// Live says that the program runs in the kernel of this machine on a packet
	// socket: the outer VLAN tag is not in the frame but beside it (Linux 3.8
	// and later).
	Live bool

	// Foreign says that the frames may come from other systems, as those of
	// files do: NULL and LOOP headers have the address families of any of them,
	// NULL ones in either byte order. Else they are those of Linux on a
	// little-endian machine, as with tcpdump -y.
	Foreign bool

	// Netmask of the network the interface is on, for "ip broadcast".
	Netmask uint32

	// Resolver looks up names.
	Resolver Resolver
}

// Snap keeps Len bytes of packets for which If holds.
type Snap struct {
	If  *Expr
	Len uint32
}

// Compile makes a program of an expression in the language of pcap-filter(7).
// An empty expression takes every packet. Mistakes are *SyntaxError; an
// expression that no packet can match gives an error that wraps ErrRejectsAll.
func Compile(expr string, opt Options) (*Program, error) {
	e, err := Parse(expr)
	if err != nil {
		return nil, err
	}
	return e.Compile(opt)
}

// Compile makes a program of a parsed expression. It may be called for one
// expression with several Options, also at the same time.
func (e *Expr) Compile(opt Options) (*Program, error) {
	if opt.Snaplen == 0 {
		opt.Snaplen = DefaultSnaplen
	}
	g, err := newGenerator(&opt)
	if err != nil {
		return nil, err
	}
	reject := &node{verdict: true}
	verdicts := []*node{{verdict: true, ret: opt.Snaplen}}
	graph := &graph{}
	accept := graph.snaps(g, verdicts[0], &verdicts)
	f := g.scope(e.scope())
	if g.err != nil {
		return nil, g.err
	}
	graph.root = graph.decide(f, accept, reject)
	if graph.root == nil {
		return nil, errors.New("the expression is too complex")
	}
	graph.simplify()
	if graph.root == reject {
		return nil, fmt.Errorf("%w of link type %s", ErrRejectsAll, LinkName(opt.Link))
	}
	return graph.program(g.p, append(verdicts, reject))
}

// snaps makes the nodes that choose how much to keep.
func (g *graph) snaps(gen *generator, all *node, verdicts *[]*node) *node {
	next := all
	for i := len(gen.opt.Snaps) - 1; i >= 0; i-- {
		s := gen.opt.Snaps[i]
		cut := &node{verdict: true, ret: max(1, min(s.Len, gen.opt.Snaplen))}
		*verdicts = append(*verdicts, cut)
		next = g.decide(gen.scope(s.If.scope()), cut, next)
	}
	return next
}

// program makes instructions of the graph.
func (g *graph) program(p *pool, verdicts []*node) (*Program, error) {
	list := g.order()
	blocks := chooseCode(list, p)
	if blocks == nil && len(list) > 0 {
		return nil, errors.New("an expression needs more than the 16 words of scratch memory")
	}
	root, list, blocks := share(g.root, list, blocks)
	code, err := layout(root, list, blocks, inUse(root, blocks, verdicts))
	if err != nil {
		return nil, err
	}
	return &Program{Instructions: code}, nil
}

// inUse lists the verdicts that the program comes to.
func inUse(root *node, blocks []block, verdicts []*node) []*node {
	reached := map[*node]bool{root: true}
	for i := range blocks {
		reached[blocks[i].jt], reached[blocks[i].jf] = true, true
	}
	var used []*node
	for _, v := range verdicts {
		if reached[v] {
			used = append(used, v)
		}
	}
	return used
}

// RejectAll is a program that takes no packet.
func RejectAll() *Program {
	return &Program{Instructions: []bpf.RawInstruction{{Op: classRET}}}
}
