package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// liveOptions are the flags of live.
type liveOptions struct {
	options
	ifaces    []string
	list      bool
	snaplen   int
	promisc   bool
	noPromisc bool
	direction string
	numeric   bool
	expr      string // --filter, and what -F names
	exprFile  string
	words     []string // of the command line
	user      string   // all of them together
	count     uint64
	dump      int
	buffer    string // KiB, or with a unit
	netns     string
	engine    string
	ring      string
	blockSize string
	blocks    int
	retire    time.Duration
	stamps    string
	dropAcks  bool
	adaptive  bool
	once      bool
	wait      bool
	own       bool
	drain     time.Duration
	status    string
	privilegeFlags
	who  identityFlags
	sys  sysFlags
	keep recordOptions

	mirror *mirrorFlags // nil unless the command is mirror
}

// Defaults of a live run.
const (
	liveSnaplen = 262144 // as tcpdump
	liveRing    = 8 << 20
	// defaultBlock holds the largest packet. A block that time hands over is
	// used up however few packets are in it, so many small ones last longer
	// when the reader is late. It is halved where there is little memory.
	defaultBlock = "128KiB"
	liveRetire   = 10 * time.Millisecond
	liveDrain    = 10 * time.Second
)

func (o *liveOptions) addLive(f *pflag.FlagSet) {
	o.options.add(f)
	o.placing.add(f, byInput, "keep")
	o.placing.addRules(f)
	o.who.add(f)
	o.paced, o.live = true, true
	redefault(f, "agent", "", "`NAME` of this instance, part of span ids (default: the host's name)")
	redefault(f, "bodies", "0", "`BYTES` of each body to keep, 0 none")
	redefault(f, "workers", "1", "rings and goroutines that parse; one leaves the other cores to the traced programs")
	hide(f, "progress", "all")
	o.privilegeFlags.add(f)
	o.keep.add(f)
	o.sys.add(f)
	f.StringArrayVarP(&o.ifaces, "interface", "i", nil, "capture on `IF`, a name or its number of -D; IF=NAME names the capture point, IF+IF=NAME joins two (a tap); any is all; repeatable (default: all useful)")
	f.BoolVarP(&o.list, "list-interfaces", "D", false, "list the interfaces and end")
	f.IntVarP(&o.snaplen, "snaplen", "s", liveSnaplen, "`BYTES` of each packet to take; 0 is the default")
	f.BoolVar(&o.promisc, "promiscuous", false, "also take packets that are for other hosts")
	f.BoolVarP(&o.noPromisc, "no-promiscuous", "p", false, "only packets of this host (the default)")
	f.StringVarP(&o.direction, "direction", "Q", "inout", "`DIR` in, out or inout")
	f.BoolVarP(&o.numeric, "numeric", "n", false, "accepted for tcpdump's sake: addresses are never looked up")
	f.StringVar(&o.expr, "filter", "", "capture only packets that match `EXPR` (pcap-filter(7)); also the trailing words")
	f.StringVarP(&o.exprFile, "filter-file", "F", "", "read the filter from `FILE`")
	f.Uint64VarP(&o.count, "count", "c", 0, "end after `COUNT` packets")
	f.CountVarP(&o.dump, "dump-filter", "d", "print the filter program and end; -dd as C, -ddd as numbers")
	f.StringVarP(&o.buffer, "buffer-size", "B", "", "`SIZE` of all rings together, in KiB or with a unit (default 8MiB, at least 1MiB per interface)")
	f.StringVar(&o.netns, "netns", "", "capture in network namespace `NS`: a name, a path or a process id")
	f.StringVar(&o.engine, "engine", "afpacket", "`NAME` afpacket (our ring) or gopcap (portable)")
	f.StringVar(&o.ring, "ring", "auto", "`VERSION` of the packet ring: auto, v3 or v2")
	f.StringVar(&o.blockSize, "block-size", defaultBlock, "`SIZE` of a block of the ring")
	f.IntVar(&o.blocks, "blocks", 0, "`COUNT` of blocks of each ring (default: from --buffer-size)")
	f.DurationVar(&o.retire, "retire", liveRetire, "hand a block over after so long, full or not")
	f.StringVarP(&o.stamps, "timestamp-source", "j", "host", "`SOURCE` of packet times: host, adapter or adapter_unsynced")
	f.BoolVar(&o.dropAcks, "drop-empty-acks", false, "refuse TCP segments without payload in the kernel; see docs/live.md for what that costs")
	f.BoolVar(&o.adaptive, "adaptive-snap", false, "take less of large packets while only bodies that are passed over are in the rest")
	f.BoolVar(&o.once, "once", false, "count a packet once that several interfaces show; they are one capture point then")
	f.BoolVar(&o.wait, "wait-interface", false, "wait for interfaces that do not exist yet")
	f.BoolVar(&o.own, "own-exports", false, "also capture what wirespan itself sends")
	f.DurationVar(&o.drain, "drain-timeout", liveDrain, "wait so long for slow outputs at the end")
	f.StringVar(&o.status, "status", "auto", "`WHEN` auto, always or never: a status line on stderr")
}

// redefault gives a shared flag another default and text.
func redefault(f *pflag.FlagSet, name, value, usage string) {
	fl := f.Lookup(name)
	if err := fl.Value.Set(value); err != nil {
		panic(err) // a constant of ours
	}
	fl.DefValue, fl.Usage = value, usage
}

// hide takes flags that say nothing here out of the help.
func hide(f *pflag.FlagSet, names ...string) {
	for _, n := range names {
		f.Lookup(n).Hidden = true
	}
}

// settle checks the flags and fills in what depends on the host.
func (o *liveOptions) settle() error {
	var errs []error
	oneOf := func(flag, v string, of ...string) {
		for _, s := range of {
			if v == s {
				return
			}
		}
		errs = append(errs, fmt.Errorf("--%s %q: want %s", flag, v, strings.Join(of, ", ")))
	}
	oneOf("direction", o.direction, "in", "out", "inout")
	oneOf("engine", o.engine, "afpacket", "gopcap")
	oneOf("ring", o.ring, "auto", "v3", "v2")
	oneOf("timestamp-source", o.stamps, "host", "adapter", "adapter_unsynced")
	oneOf("status", o.status, "auto", "always", "never")
	var err error
	if o.ifaces, err = byNumber(o.ifaces, func() ([]afpacket.Interface, error) { return afpacket.Interfaces(netnsPath(o.netns)) }); err != nil {
		errs = append(errs, err)
	}
	if o.snaplen == 0 {
		o.snaplen = liveSnaplen
	}
	if o.snaplen < 64 || o.snaplen > liveSnaplen {
		errs = append(errs, fmt.Errorf("--snaplen %d: want 64 to %d, or 0", o.snaplen, liveSnaplen))
	}
	if o.promisc && o.noPromisc && o.mirror == nil {
		errs = append(errs, errors.New("--promiscuous and -p exclude each other"))
	}
	if o.drain < 0 {
		errs = append(errs, fmt.Errorf("--drain-timeout %v: must not be negative", o.drain))
	}
	if o.program != "" && (o.expr != "" || o.exprFile != "" || len(o.words) > 0) {
		errs = append(errs, errors.New("--filter-program and a filter expression exclude each other"))
	}
	if o.agent == "" {
		name, err := os.Hostname()
		if err != nil {
			errs = append(errs, fmt.Errorf("find the host's name: %w; give it with --agent", err))
		}
		o.agent = name
	}
	o.packetsOut = o.keep.write == "-"
	return errors.Join(append(errs, o.readExpr(), o.keep.check(), o.placing.check(), o.settleMirror())...)
}

// readExpr brings --filter, -F and the trailing words together; more than one
// of them must all hold.
func (o *liveOptions) readExpr() error {
	var parts []string
	if o.exprFile != "" {
		b, err := os.ReadFile(o.exprFile)
		if err != nil {
			return fmt.Errorf("read filter: %w", err)
		}
		parts = append(parts, strings.TrimSpace(string(b)))
	}
	parts = append(parts, o.expr, strings.Join(o.words, " "))
	var given []string
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			given = append(given, p)
		}
	}
	o.user = strings.Join(given, ") and (")
	if len(given) > 1 {
		o.user = "(" + o.user + ")"
	}
	return nil
}

// ringBytes is the memory of all rings together.
func (o *liveOptions) ringBytes() (int, error) {
	if o.buffer == "" && o.mirror != nil {
		return mirrorRing, nil
	}
	if o.buffer == "" {
		return liveRing, nil
	}
	s := o.buffer
	if strings.Trim(s, "0123456789") == "" {
		s += "KiB" // tcpdump's unit
	}
	n, err := parseSize(s)
	if err != nil {
		return 0, fmt.Errorf("--buffer-size: %w", err)
	}
	return n, nil
}
