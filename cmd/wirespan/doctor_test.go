package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
	"github.com/wirespan/wirespan/l7/all"
)

// scripted makes files of a host.
func scripted(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// liveWith are options of live with flags.
func liveWith(t *testing.T, flags ...string) *liveOptions {
	t.Helper()
	l, _, err := (&doctorOptions{}).parseLive(flags)
	if err != nil {
		t.Fatal(err)
	}
	l.agent = "host"
	if err := l.settle(); err != nil {
		t.Fatal(err)
	}
	return l
}

// oldHost is CentOS 7, as a user without rights sees it.
func oldHost() *hostFacts {
	h := &hostFacts{
		Name: "legacy1", Release: "3.10.0-1160.el7.x86_64", Machine: "x86_64", user: "user joe (1000)", exe: "/usr/local/bin/wirespan",
		files: 1024, cores: 4, unsync: true,
		sandbox: privileges.Report{
			{Name: privileges.Capabilities, Detail: "capturing needs CAP_NET_RAW, which user joe (1000) lacks. Run it as root, or give the program the capability once:\n  sudo setcap cap_net_raw+ep /usr/local/bin/wirespan"},
			{Name: privileges.NoNewPrivs, State: privileges.InForce},
			{Name: privileges.Landlock, Detail: "needs Linux 5.13 with landlock among the security modules"},
			{Name: privileges.Seccomp, State: privileges.InForce},
		},
		fs: scripted(map[string]string{
			"proc/sys/net/core/bpf_jit_enable":                                  "0\n",
			"sys/devices/system/clocksource/clocksource0/current_clocksource":   "acpi_pm\n",
			"sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc acpi_pm\n",
			"proc/meminfo":                                   "MemTotal: 1048576 kB\nMemFree: 20480 kB\nBuffers: 1024 kB\nCached: 4096 kB\n",
			"proc/net/softnet_stat":                          "000000ff 00000001 00000000\n00000001 00000001 00000000\n",
			"proc/sys/net/core/netdev_max_backlog":           "1000\n",
			"proc/self/cgroup":                               "4:memory:/sys\n",
			"proc/self/mountinfo":                            "30 20 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/sys/memory.limit_in_bytes": "67108864\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     "9223372036854771712\n",
		}),
		disk: []diskFacts{{dir: "/var/lib/wirespan", what: "-w", free: 10 << 20, size: 1 << 30}},
	}
	return h
}

// newHost is a host of today, as root sees it.
func newHost() *hostFacts {
	return &hostFacts{
		Name: "web1", Release: "6.12.9", Machine: "x86_64", user: "user root (0)", exe: "/usr/bin/wirespan", file: "cap_net_raw=ep",
		capEff: 1<<41 - 1, files: 65536, cores: 8, tracing: "sys/kernel/tracing",
		sandbox: privileges.Report{
			{Name: privileges.Capabilities, State: privileges.InForce, Detail: "has CAP_NET_RAW"},
			{Name: privileges.NoNewPrivs, State: privileges.InForce},
			{Name: privileges.Landlock, State: privileges.InForce, Detail: "version 6"},
		},
		fs: scripted(map[string]string{
			"proc/sys/net/core/bpf_jit_enable":                                "1\n",
			"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
			"sys/kernel/btf/vmlinux":                                          "x",
			"sys/kernel/security/lockdown":                                    "none [integrity] confidentiality\n",
			"sys/kernel/tracing/events/raw_syscalls/sys_enter/id":             "1",
			"sys/kernel/tracing/events/raw_syscalls/sys_exit/id":              "2",
			"sys/kernel/tracing/events/sched/sched_process_exit/id":           "3",
			"proc/meminfo":          "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n",
			"proc/net/softnet_stat": "000000ff 00000000 00000000\n",
		}),
		disk: []diskFacts{{dir: ".", free: 5 << 30, size: 10 << 30}},
	}
}

// someInterfaces are of all kinds.
func someInterfaces() []afpacket.Interface {
	const up, lo, running, promisc = 1, 8, 64, 256
	ether := uint16(1)
	list := []afpacket.Interface{
		{Index: 1, Name: "lo", Hardware: 772, Flags: up | lo | running, MTU: 65536},
		{Index: 2, Name: "eth0", Hardware: ether, Flags: up | running | promisc, MTU: 1500, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/24")}},
		{Index: 3, Name: "eth1", Hardware: ether, MTU: 9000},
		{Index: 4, Name: "eth0.7", Hardware: ether, Flags: up | running, MTU: 1500, Kind: "vlan", Lower: 2},
		{Index: 5, Name: "br0", Hardware: ether, Flags: up | running, MTU: 1500, Kind: "bridge"},
		{Index: 6, Name: "veth1", Hardware: ether, Flags: up | running, MTU: 1500, Kind: "veth", Master: 5, MasterName: "br0", MasterKind: "bridge"},
		{Index: 7, Name: "vx1", Hardware: ether, Flags: up | running, MTU: 1450, Kind: "vxlan"},
		{Index: 8, Name: "can0", Hardware: 280, Flags: up | running, MTU: 16},
		{Index: 9, Name: "dummy0", Hardware: ether, Flags: up | running, MTU: 1500, Kind: "dummy"},
	}
	for i := range list {
		list[i].Link = capture.LinkEthernet
	}
	return list
}

// scriptedTrial is a mirror that shows one direction, twice.
func scriptedTrial() trial {
	t := trial{
		name: "eth0", took: 2 * time.Second, packets: 2000, bytes: 3 << 20, in: 2000, cut: 3, twice: 900, elsewhere: 1, compared: 1800,
		stats: capture.Stats{Drops: 7}, judged: 2000, filter: "port 1",
	}
	t.reasons[wire.OK], t.reasons[wire.NotIP] = 1900, 100
	t.conns.table = map[connKey]*connFacts{}
	for n := range 5 {
		c := &connFacts{packets: 10, established: true, bytes: 1000, tls: n > 0, name: "TLS"}
		if n == 0 {
			c.name = "http"
		}
		t.conns.table[connKey{pa: uint16(n), proto: wire.ProtoTCP}] = c
	}
	return t
}

// assembleFilter puts a report together as examine does.
func assembleFilter(h *hostFacts, l *liveOptions, rings *ringTrial, list []ifaceReport, trials []trial) *doctorReport {
	r := &doctorReport{Version: "1.0", Host: h.Name}
	ifs := &ifaceList{list: list, lack: []string{"eth9"}}
	r.add(h.kernelSection(rings), h.sandboxSection(), h.ebpfSection())
	r.add(h.rightsSection(l), rings.section(l, "", nil))
	r.addInterfaces(ifs, l)
	if rings.ok() {
		r.addTrials(trials, ifs, 2*time.Second)
	}
	r.add(h.limitsSection(l), modes{}.section(h, rings))
	r.conclude("live", rings, (&doctorOptions{}).obstacles(h, rings))
	return r
}

// TestDoctorText holds the report for people to golden files: an old host
// without rights, and one of today with a bad mirror.
func TestDoctorText(t *testing.T) {
	refused := &ringTrial{err: &privileges.PermissionError{
		Err:    errors.New("capture on lo: open packet socket: operation not permitted (needs CAP_NET_RAW)"),
		Advice: "capturing needs CAP_NET_RAW, which user joe (1000) lacks. Run it as root, or give the program the capability once:\n  sudo setcap cap_net_raw+ep /usr/local/bin/wirespan",
	}}
	open := &ringTrial{
		engine: "afpacket", names: []string{"eth0"}, alone: true, fanout: afpacket.Report{Rings: 2, Mode: afpacket.FanoutOne},
		refused: map[string]string{"fan-out": "one ring: set PACKET_FANOUT_DATA: operation not permitted"},
		notes:   []string{"promiscuous on eth0: operation not permitted; frames for other hosts are not seen"},
	}
	ifs := describeInterfaces(someInterfaces(), nil)
	named := describeInterfaces(someInterfaces(), []string{"eth0", "eth1"})
	named[1].Offloads = Offloads{TSO: true, GRO: true, LRO: true, RxVLAN: true}
	named[1].AdapterClock = true
	for name, r := range map[string]*doctorReport{
		"old-without-rights": assembleFilter(oldHost(), liveWith(t, "-w", "/var/lib/wirespan/ring.pcapng"), refused, ifs, nil),
		"new-bad-mirror":     assembleFilter(newHost(), liveWith(t, "-i", "eth0", "-i", "eth1", "--cpu", "0.5"), open, named, []trial{scriptedTrial(), {name: "eth1", took: time.Second}}),
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := r.print(&b); err != nil {
				t.Fatal(err)
			}
			sameAsGolden(t, filepath.Join("testdata", "doctor", name+".txt"), b.String())
			j, err := json.Marshal(r)
			if err != nil || !json.Valid(j) {
				t.Errorf("JSON: %v", err)
			}
		})
	}
}

// sameAsGolden compares with a file, or writes it.
func sameAsGolden(t *testing.T, path, got string) {
	t.Helper()
	if e2eUpdate() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// TestWhyUseful holds the words to afpacket.Useful: what is not useful has a
// reason that is not one of the useful.
func TestWhyUseful(t *testing.T) {
	good := map[string]bool{"connections within the host": true, "shows what its members forward": true, "its traffic is seen nowhere else": true}
	for _, i := range describeInterfaces(someInterfaces(), nil) {
		if i.Why == "" || good[i.Why] != i.Useful {
			t.Errorf("%s: useful %v, because %q", i.Name, i.Useful, i.Why)
		}
	}
}

func TestDoctorUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--for", "1ms"}, {"--bogus"}, {"1", "2"}, {"host-without-port"}, {"--", "--bogus"}, {"--", "--snaplen", "1"}} {
		if r := wirespan(t, append([]string{"doctor", "--no-trial"}, args...)...); r.code != exitUsage || r.stderr == "" {
			t.Errorf("doctor %v: exit status %d, %q", args, r.code, r.stderr)
		}
	}
}

// TestDoctorConfiguration takes the run that is judged from live's file, and
// says where that is wrong.
func TestDoctorConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "w.yaml")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("metrics: 127.0.0.1:1\ninterface: [lo]\nwrite: " + dir + "/x.pcapng\n")
	r := wirespan(t, "doctor", "--no-trial", "--config", file)
	for _, want := range []string{file, "instance at 127.0.0.1:1", "connection refused", "for -w"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
	write("interfacex: [lo]\n")
	if r = wirespan(t, "doctor", "--no-trial", "--config", file); r.code != exitPartial || !strings.Contains(r.stdout, "interfacex") || !strings.Contains(r.stdout, "config check") {
		t.Errorf("exit status %d\n%s", r.code, r.stdout)
	}
}

func TestDoctorProtocols(t *testing.T) {
	t.Parallel()
	r := wirespan(t, "doctor", "--protocols")
	var list []protocolLine
	j := wirespan(t, "doctor", "--protocols", "--json")
	if err := json.Unmarshal([]byte(j.stdout), &list); err != nil || r.code != 0 || j.code != 0 {
		t.Fatalf("%v, exit status %d and %d", err, r.code, j.code)
	}
	known := make(map[string]bool)
	for _, l := range list {
		known[l.Name] = true
		if len(l.Transport) == 0 || l.Class == "" || !strings.Contains(r.stdout, "\n"+l.Name) {
			t.Errorf("%+v", l)
		}
		if l.Depth == "" {
			t.Errorf("%s: l7.Proto.Depth is empty", l.Name)
		}
	}
	for _, p := range all.Protos() {
		if !known[p.Name] {
			t.Errorf("%s is not listed", p.Name)
		}
	}
}

func TestReadHostFiles(t *testing.T) {
	h := &hostFacts{Release: "4.19.0-27-amd64"}
	h.readStatus("Name:\tx\nCapEff:\t0000000000002000\nCapBnd:\t000001ffffffffff\nbroken\nCapPrm:\tzz\n")
	if !h.has(capNetRaw) || h.has(capSysAdmin) || h.capBnd == 0 {
		t.Errorf("%x %x", h.capEff, h.capBnd)
	}
	if h.kernelBefore(4, 19) || !h.kernelBefore(4, 20) || !h.kernelBefore(5, 1) || h.kernelBefore(3, 30) {
		t.Error("4.19 is not where it should be")
	}
	if (&hostFacts{Release: "?"}).kernelBefore(9, 9) {
		t.Error("an unknown kernel counts as old")
	}
	if m := readMeminfo([]byte("MemTotal:  2 kB\nX\nMemFree: x kB\n")); m["MemTotal"] != 2048 || len(m) != 1 {
		t.Error(m)
	}
	if n := readSoftnet([]byte("0000000a 00000002 0\nzz\nff\n")); n != (softnetCounts{10, 2}) {
		t.Error(n)
	}
	for s, want := range map[string]string{"[none] integrity": "none", "none [integrity] confidentiality": "integrity", "": ""} {
		if got := lockdownMode(s); got != want {
			t.Errorf("%q is %q", s, got)
		}
	}
	for n, want := range map[uint64]string{12: "12 bytes", 1 << 20: "1 MiB", 1536: "1.5 KiB", 1 << 62: "4 EiB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}

// TestSightings tells a duplicate from a retransmission and from the same
// packet elsewhere.
func TestSightings(t *testing.T) {
	s := newSightingTable()
	f := wire.Frame{Proto: wire.ProtoTCP, Seq: 1, Payload: []byte("x"), PayloadLen: 1}
	key, ok := s.key(&f)
	if !ok {
		t.Fatal("no key")
	}
	for n, c := range []struct {
		tap  uint16
		at   int64
		want sighting
	}{
		{0, 1e9, seenFirst},
		{0, 1e9 + 1000, seenHere},
		{1, 1e9 + 2000, seenElsewhere},
		{1, 1e9 + 3000, seenHere},
		{0, 1e9 + 300e6, seenFirst},
		{0, 2e9, seenFirst},
	} {
		if got := s.look(key, c.tap, c.at); got != c.want {
			t.Errorf("%d: %d, want %d", n, got, c.want)
		}
	}
	f.Payload = nil
	if _, ok := s.key(&f); ok {
		t.Error("an empty acknowledgement can be told from another")
	}
	f.Payload, f.Seq = []byte("x"), 2
	if other, _ := s.key(&f); other == key {
		t.Error("another sequence number, the same key")
	}
}

// TestSurvey counts connections, and bounds them.
func TestSurvey(t *testing.T) {
	var s connSurvey
	frame := func(a, b uint16, flags uint8, payload string) {
		s.add(&wire.Frame{Proto: wire.ProtoTCP, SrcPort: a, DstPort: b, Flags: flags, Payload: []byte(payload), PayloadLen: uint32(len(payload))})
	}
	frame(1000, 80, wire.SYN, "")
	frame(80, 1000, wire.SYN|wire.ACK, "")
	frame(1000, 80, wire.ACK, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	frame(1001, 443, wire.ACK, "\x16\x03\x01\x00\x05hello")
	frame(1001, 443, wire.ACK, "more")
	frame(1002, 81, wire.SYN, "") // says nothing of direction
	frame(1002, 81, wire.SYN, "")
	n := s.sum()
	if n.TCP != 2 || n.OneSided != 1 || n.Protocols["http"] != 1 || n.Protocols["TLS"] != 1 || n.Encrypted != 14 || n.Unknown != 0 {
		t.Errorf("%+v", n)
	}
	for i := range maxSurvey + 10 {
		s.add(&wire.Frame{Proto: wire.ProtoUDP, Src: wire.Addr{byte(i), byte(i >> 8)}, SrcPort: 1, DstPort: 2})
	}
	if len(s.table) != maxSurvey || s.beyond < 10 {
		t.Errorf("%d connections, %d packets beyond", len(s.table), s.beyond)
	}
	for text, want := range map[string]bool{"\x17\x03\x03\x40\x00": true, "\x17\x03\x03\xff\xff": false, "GET /": false, "\x16\x03": false, "\x16\x02\x00\x00\x01": false} {
		if tlsRecord([]byte(text)) != want {
			t.Errorf("%q", text)
		}
	}
}

// FuzzSurvey feeds anything to what a trial does with a packet.
func FuzzSurvey(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05hello"), uint16(443), true)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint16(80), false)
	f.Fuzz(func(t *testing.T, b []byte, port uint16, udp bool) {
		var s connSurvey
		fr := wire.Frame{Proto: wire.ProtoTCP, SrcPort: 40000, DstPort: port, Payload: b, PayloadLen: uint32(len(b))}
		if udp {
			fr.Proto = wire.ProtoUDP
		}
		s.add(&fr)
		if n := s.sum(); n.Bytes != uint64(len(b)) || n.Encrypted > n.Bytes {
			t.Fatalf("%+v", n)
		}
	})
}
