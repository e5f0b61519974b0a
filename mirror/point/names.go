package point

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

// Other is the name of the point that stands for those beyond Config.Max.
const Other = "other"

// maxName bounds the length of a point's name in bytes.
const maxName = 200

// Bounds of Config.Max.
const (
	DefaultMax = 256
	LargestMax = 32768
)

// Config says how points are named.
type Config struct {
	// Rules come first, in their order.
	Rules []Rule
	// Tunnels makes points of what comes through tunnels that mirrors use:
	// INPUT/vni-7 of VXLAN and Geneve, INPUT/gwlbe-2b8ee1d4db0c51c4 of an endpoint
	// of a Gateway Load Balancer, INPUT/session-3 of ERSPAN, INPUT/key-5 of GRE,
	// INPUT/vsid-6 of NVGRE, INPUT/10.0.0.9 where nothing but the outer source
	// tells. At inputs that only receive, and of kinds that only mirrors
	// use, the second and further sources of one number get a point of their own:
	// INPUT/session-3/10.0.0.9.
	Tunnels bool
	// VLANs makes points of VLANs outside of tunnels: INPUT/vlan-100.
	VLANs bool
	// Max bounds the points, Other not counted. 0 is DefaultMax.
	Max int
	// Report tells people what they should know, in sentences; may be nil. It
	// must not call Names.
	Report func(string)
}

// Validate tells what is wrong with c.
func (c *Config) Validate() error {
	switch {
	case c.Max < 0 || c.Max > LargestMax:
		return fmt.Errorf("points: at most %d are wanted, must be 0 to %d", c.Max, LargestMax)
	case len(c.Rules) > MaxRules:
		return fmt.Errorf("points: %d rules, must be %d or less", len(c.Rules), MaxRules)
	}
	return nil
}

// key is what tells points apart.
type key struct {
	src   wire.Addr // outer source; zero without tunnel
	gwlbe uint64    // endpoint of a Gateway Load Balancer, 0 without
	id    uint32
	tap   uint16 // of the source
	vlan  uint16 // 0 where it does not matter
	kind  tunnel.Kind
	hasID bool
}

// answer is what a key stands for.
type answer struct {
	point uint16
	// mirror says that the outermost tunnel is that of the mirror: it names the
	// point, and is no part of the connections.
	mirror bool
	other  bool
}

// Names are the points of a run. Its methods may be called by any goroutine.
type Names struct {
	cfg    Config
	vlans  bool
	points atomic.Pointer[[]capture.Point]

	mu      sync.Mutex
	numbers map[string]uint16
	terms   []string       // what a rule would say, by point
	first   map[key]sender // by key without source
	sources map[key]uint16 // further sources
	other   int            // number of Other, -1 without
	asked   asked          // what is being looked for
}

// sender is the first outer source of a number.
type sender struct {
	src   wire.Addr
	point uint16
	told  bool // that there are others
}

// NewNames makes the points of a run; there are none yet.
func NewNames(c Config) (*Names, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Max == 0 {
		c.Max = DefaultMax
	}
	n := &Names{
		cfg: c, vlans: c.VLANs, numbers: make(map[string]uint16),
		first: make(map[key]sender), sources: make(map[key]uint16), other: -1,
	}
	for i := range c.Rules {
		n.vlans = n.vlans || c.Rules[i].vlans()
	}
	n.points.Store(&[]capture.Point{})
	return n, nil
}

// Points lists the points known so far. The list only grows, and is not to be
// written to.
func (n *Names) Points() []capture.Point { return *n.points.Load() }

// Unmet lists the names that rules give and no packet has got, in the order of
// the rules.
func (n *Names) Unmet() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for i := range n.cfg.Rules {
		name := n.cfg.Rules[i].Name
		if _, met := n.numbers[name]; !met && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// resolve finds the point of a key. Only new points cost memory.
func (n *Names) resolve(k key, input *capture.Point) answer {
	n.mu.Lock()
	defer n.mu.Unlock()
	mirror := mirrors(k.kind)
	n.asked = asked{input: input, key: k}
	for i := range n.cfg.Rules {
		r := &n.cfg.Rules[i]
		for j := range r.Matches {
			if m := &r.Matches[j]; m.meets(&k, input) {
				return n.named(r.Name, mirror && (n.cfg.Tunnels || len(m.Kinds) > 0 || m.Source.IsValid()))
			}
		}
	}
	if !n.cfg.VLANs {
		k.vlan = 0
	}
	if n.cfg.Tunnels && mirror {
		return n.derive(k, input)
	}
	if k.vlan != 0 {
		n.asked.by = byVLAN
		return n.number("/vlan-"+strconv.Itoa(int(k.vlan)), false)
	}
	return n.number("", false)
}

// derive names the point of a mirror's tunnel.
func (n *Names) derive(k key, input *capture.Point) answer {
	group := k
	group.src = wire.Addr{}
	if !k.hasID {
		group = k // the source alone tells
	}
	g, known := n.first[group]
	if known && (g.src == k.src || k.gwlbe != 0 || !splits(input, k.kind)) { // an endpoint's packets come from every zone
		return answer{point: g.point, mirror: true}
	}
	if known {
		if p, ok := n.sources[k]; ok {
			return answer{point: p, mirror: true}
		}
	}
	if n.full() {
		return n.beyond()
	}
	name := "" // behind the input's
	if k.vlan != 0 {
		name += "/vlan-" + strconv.Itoa(int(k.vlan))
	}
	switch {
	case k.gwlbe != 0:
		name += "/gwlbe-" + endpoint(k.gwlbe)
	case k.hasID:
		name += "/" + label(k.kind) + "-" + strconv.FormatUint(uint64(k.id), 10)
	}
	src := netip.AddrFrom16(k.src).Unmap().String()
	if n.asked.by = byNumber; known || !k.hasID {
		n.asked.by = bySource
	}
	if !known {
		if !k.hasID {
			name += "/" + src
		}
		a := n.number(name, true)
		n.first[group] = sender{src: k.src, point: a.point}
		return a
	}
	a := n.number(name+"/"+src, true)
	n.sources[k] = a.point
	if !g.told && n.cfg.Report != nil {
		g.told = true
		n.first[group] = g
		n.cfg.Report(fmt.Sprintf("point %s has several senders: %s, which keeps the name, and %s, which is point %s/%s; name them for good with --point NAME=%s:%d@%s",
			input.Name+name, netip.AddrFrom16(g.src).Unmap(), src, input.Name+name, src, k.kind, k.id, src))
	}
	return a
}

// number gives the point of the input, with more behind its name.
func (n *Names) number(more string, mirror bool) answer {
	p := *n.asked.input
	p.Name += more
	if p.Known != "" {
		p.Known += more
	}
	return n.place(p, mirror)
}

// named gives the point that a rule names. It has the agent and the clock of
// the input that shows it first.
func (n *Names) named(name string, mirror bool) answer {
	p := *n.asked.input
	p.Name = name
	if p.Known != "" {
		p.Known = name
	}
	return n.place(p, mirror)
}

func (n *Names) place(p capture.Point, mirror bool) answer {
	p.Name = p.Name[:min(len(p.Name), maxName)]
	if i, ok := n.numbers[p.Name]; ok {
		return answer{point: i, mirror: mirror}
	}
	if n.full() {
		return n.beyond()
	}
	return answer{point: n.add(p), mirror: mirror}
}

func (n *Names) add(p capture.Point) uint16 {
	old := n.Points()
	list := make([]capture.Point, len(old)+1)
	copy(list, old)
	list[len(old)] = p
	n.points.Store(&list)
	n.numbers[p.Name] = uint16(len(old))
	n.terms = append(n.terms, n.asked.term())
	return uint16(len(old))
}

func (n *Names) full() bool {
	have := len(n.numbers)
	if n.other >= 0 {
		have--
	}
	return have >= n.cfg.Max
}

// beyond is the point of all that has no room. Its connections stay apart by
// their tunnels.
func (n *Names) beyond() answer {
	if n.other < 0 {
		if p, ok := n.numbers[Other]; ok {
			n.other = int(p)
		} else {
			n.other = int(n.add(capture.Point{Name: Other}))
		}
		if n.cfg.Report != nil {
			n.cfg.Report(fmt.Sprintf("there are more than %d capture points: what comes from further ones is point %q", n.cfg.Max, Other))
		}
	}
	return answer{point: uint16(n.other), other: true}
}

// mirrors reports whether a kind of tunnel is one that mirrors send, and whose
// number is the same in both directions.
func mirrors(k tunnel.Kind) bool {
	switch k {
	case wire.VXLAN, wire.VXLANGPE, wire.Geneve, wire.GRE, wire.L2GRE, wire.NVGRE:
		return true
	}
	return onlyMirrors(k)
}

// onlyMirrors reports whether nothing but mirrors use a kind of tunnel.
func onlyMirrors(k tunnel.Kind) bool {
	return k == wire.ERSPAN1 || k == wire.ERSPAN2 || k == wire.ERSPAN3 || k.String() == "tzsp"
}

// splits reports whether different outer sources are different points. On an
// interface that shows an overlay network, the two directions of a connection
// have different ones; a listener, whose name begins with the kind of its
// tunnel, only sees what is sent to it.
func splits(input *capture.Point, k tunnel.Kind) bool {
	word := cmp.Or(input.Known, input.Name)
	if i := strings.IndexAny(word, ":%"); i >= 0 {
		word = word[:i]
	}
	return onlyMirrors(k) || kindsOf(word) != nil
}

// label is what the number of a tunnel is called.
func label(k tunnel.Kind) string {
	switch k {
	case wire.VXLAN, wire.VXLANGPE, wire.Geneve:
		return "vni"
	case wire.NVGRE:
		return "vsid"
	case wire.GRE, wire.L2GRE:
		return "key"
	}
	return "session"
}
