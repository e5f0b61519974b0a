package main

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// mirrorFlags are those of mirror beside live's.
type mirrorFlags struct {
	listen   []string
	connect  []string
	watch    []string
	done     string
	delete   bool
	token    string
	sendWith string
	cert     string
	key      string
	ca       string
	insecure bool
	inner    bool
}

// mirrorRing is the default of --buffer-size: 130 ms of 4 Gbit/s.
const mirrorRing = 64 << 20

// addMirror defines the flags of mirror: live's, where they make sense on a
// machine that is none of the traced ones.
func (o *liveOptions) addMirror(f *pflag.FlagSet) {
	o.addLive(f)
	m := o.mirror
	redefault(f, "promiscuous", "true", "also take packets that are for other hosts (the default)")
	redefault(f, "proc-root", off, "`DIR` where the procfs of the host is mounted; off: addresses are those of other machines")
	redefault(f, "hosts-file", off, "`FILE` that names addresses, as hosts(5); off: none")
	redefault(f, "kubernetes", off, "`FROM` where pods are known: off, auto, the URL of an API server, or kubelet=URL of a node's kubelet")
	redefault(f, "point-by", byTunnel, f.Lookup("point-by").Usage)
	redefault(f, "duplicates", "drop", f.Lookup("duplicates").Usage)
	usageOf := func(name, text string) { f.Lookup(name).Usage = text }
	usageOf("interface", "capture on `IF`, promiscuous; IF=NAME names the capture point, IF+IF=NAME joins the two directions of a tap; repeatable")
	usageOf("no-promiscuous", "only packets of this host")
	usageOf("buffer-size", "`SIZE` of all rings together, and of the socket of each listener, in KiB or with a unit (default 64MiB, and 32MiB)")
	usageOf("workers", "rings and goroutines that parse; 0: one per core")
	hide(f, "once", "processes", "proc-root", "own-exports", "engine", "direction")
	f.StringArrayVar(&m.listen, "listen", nil, "terminate mirrors: `KIND[=[ADDR][:PORT][%IF]]`, as vxlan=:4789, geneve, erspan, gre=10.0.0.1, tzsp; or take captures: pcap=127.0.0.1:57012, pcap=tls://:57012; repeatable")
	f.StringArrayVar(&m.connect, "connect", nil, "fetch a capture from a pcap-over-IP server: `pcap=[tls://]HOST[:PORT]`; repeatable")
	f.StringArrayVar(&m.watch, "watch", nil, "read capture files that others put into `DIR`, or DIR=NAME; repeatable")
	f.StringVar(&m.done, "watch-done", "", "move files of --watch to `DIR` when they were read")
	f.BoolVar(&m.delete, "watch-delete", false, "delete files of --watch when they were read")
	f.StringVar(&m.token, "stream-token", "", "`FILE` with the token that senders to --listen pcap must give")
	f.StringVar(&m.sendWith, "connect-token", "", "`FILE` with the token that is given where --connect goes")
	f.StringVar(&m.cert, "stream-cert", "", "`FILE` with the certificate of --listen pcap=tls:// (PEM)")
	f.StringVar(&m.key, "stream-key", "", "`FILE` with its key (PEM)")
	f.StringVar(&m.ca, "connect-ca", "", "`FILE` with the certificate authority of --connect pcap=tls:// (PEM; default: the host's)")
	f.BoolVar(&m.insecure, "insecure-listen", false, "take captures beyond the loopback without a token: whoever reaches the port can make traces up")
	f.BoolVar(&m.inner, "filter-inner", false, "apply the filter inside of tunnels that arrive on interfaces, too")
}

// settleMirror checks what is mirror's.
func (o *liveOptions) settleMirror() error {
	m := o.mirror
	if m == nil {
		return nil
	}
	o.promisc = o.promisc && !o.noPromisc
	var errs []error
	if len(o.ifaces) == 0 && !m.others() {
		errs = append(errs, errors.New("nothing to capture: name an interface with -i (-D lists them), a listener with --listen, as vxlan=:4789, a server with --connect or a directory with --watch"))
	}
	if len(m.watch) > 0 && len(o.ifaces)+len(m.listen)+len(m.connect) > 0 {
		errs = append(errs, errors.New("--watch: its packets are of the past, and cannot be put in order with those of now: run it by itself"))
	}
	spec, err := parseIfaces(o.ifaces)
	errs = append(errs, err)
	if slices.Contains(spec.names, afpacket.Any) {
		errs = append(errs, errors.New("-i any: mirror takes named interfaces; the pseudo interface is no mirror port, and never promiscuous"))
	}
	if m.inner && o.program != "" {
		errs = append(errs, errors.New("--filter-inner and --filter-program exclude each other: a program does not know where the inner frame is"))
	}
	if o.once {
		errs = append(errs, errors.New("--once: mirror has --duplicates drop, and -i IF+IF=NAME to make one point of several interfaces"))
	}
	return errors.Join(append(errs, m.checkInputs())...)
}
