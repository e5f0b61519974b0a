package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// feedFile shows a capture file to a matcher, without the packets that leave
// names by number.
func feedFile(t *testing.T, m *matcher, side int, path string, leave ...int) {
	t.Helper()
	src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{path}, Name: "eth0"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	left := &leaving{liveLike: liveLike{Source: src, names: []string{"eth0"}}, leave: leave, plain: side == sideTheirs}
	if err := m.feed(side).read(t.Context(), left); err != nil {
		t.Fatal(err)
	}
}

// leaving leaves packets out of a source; without plain it strips tags.
type leaving struct {
	liveLike
	leave []int
	plain bool
	n     int
}

func (l *leaving) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	read := l.liveLike.ReadBatch
	if l.plain {
		read = l.Source.ReadBatch
	}
	n, err := read(ctx, dst)
	kept := 0
	for i := range dst[:n] {
		l.n++
		if len(l.leave) > 0 && l.leave[0] == l.n {
			l.leave = l.leave[1:]
			continue
		}
		dst[kept] = dst[i]
		kept++
	}
	return kept, err
}

func TestMatcher(t *testing.T) {
	app := filepath.Join(demoDir, "app.pcap") // 141 packets
	for _, c := range []struct {
		name          string
		ours, theirs  []int // left out
		missingOurs   uint64
		missingTheirs uint64
	}{
		{name: "the same"},
		{name: "ours lacks some", ours: []int{10, 11, 50}, missingOurs: 3},
		{name: "both lack some", ours: []int{10}, theirs: []int{20, 21}, missingOurs: 1, missingTheirs: 2},
		{name: "at the edges", ours: []int{1}, theirs: []int{141}},
	} {
		for _, first := range []int{sideOurs, sideTheirs} {
			m := newMatcher()
			m.from, m.to = 0, math.MaxInt64
			window(t, m, app)
			for _, side := range []int{first, 1 - first} {
				left := c.ours
				if side == sideTheirs {
					left = c.theirs
				}
				feedFile(t, m, side, app, left...)
			}
			r := m.compare(1)
			both := uint64(141 - len(c.ours) - len(c.theirs))
			if r.both != both || r.missing != [numSides]uint64{c.missingOurs, c.missingTheirs} {
				t.Errorf("%s: both %d, missing %v", c.name, r.both, r.missing)
			}
			if r.seen[sideOurs].packets != uint64(141-len(c.ours)) || r.connections[sideOurs] == 0 || r.connMissing != [numSides]uint64{} {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
	}
}

// window sets the window of a matcher to the times of a file.
func window(t *testing.T, m *matcher, path string) {
	t.Helper()
	b := bytes.NewBuffer(readFile(t, path))
	list := packetsIn(t, b)
	m.from, m.to = list[0].Time, list[len(list)-1].Time
}

// What comes again with equal bytes, as ARP does, is not missed because one side
// captured it before the other did, and is missed if it did then.
func TestMatcherRepeated(t *testing.T) {
	second := int64(1e9)
	m := newMatcher()
	m.from, m.to = 10*second, 20*second
	points := []capture.Point{{Name: "eth0"}}
	show := func(side int, seconds ...int64) {
		var list []capture.Packet
		for _, at := range seconds {
			list = append(list, capture.Packet{Time: at * second, Data: []byte("who has 192.0.2.1"), WireLen: 17, Link: capture.LinkEthernet})
		}
		if err := m.feed(side).batch(list, points); err != nil {
			t.Fatal(err)
		}
	}
	show(sideOurs, 5, 8, 12, 15, 25)
	show(sideTheirs, 12, 15)
	if r := m.compare(int64(verifyEdge)); r.both != 2 || r.missing != [numSides]uint64{} || r.seen[sideOurs].packets != 2 {
		t.Errorf("before and after the window: %+v", r)
	}
	show(sideOurs, 17)
	if r := m.compare(int64(verifyEdge)); r.missing != [numSides]uint64{sideTheirs: 1} {
		t.Errorf("within the window: %+v", r)
	}
}

func TestMatcherConnections(t *testing.T) {
	app := filepath.Join(demoDir, "app.pcap")
	m := newMatcher()
	window(t, m, app)
	feedFile(t, m, sideTheirs, app)
	r := m.compare(0)
	if r.missing[sideOurs] < 100 || r.connMissing[sideOurs] != r.connections[sideTheirs] || r.connBoth != 0 || uint64(len(r.differ)) != r.connMissing[sideOurs] {
		t.Errorf("a side that saw nothing: %+v", r)
	}
	v := &verification{o: &verifyOptions{verbose: true}}
	var out strings.Builder
	v.print(&out, r)
	if n := strings.Count(out.String(), "  differs"); n != min(len(r.differ), maxDiffering) || !strings.Contains(out.String(), "eth0 tcp ") {
		t.Errorf("%d connections are listed:\n%s", n, out.String())
	}
	if f := v.faults(r); len(f) != 1 || !strings.HasPrefix(f[0], "wirespan lacks ") {
		t.Errorf("faults %v", f)
	}
	v.stats.Drops = r.missing[sideOurs]
	if f := v.faults(r); len(f) != 0 {
		t.Errorf("faults %v beyond what was dropped", f)
	}
	if f := v.faults(&comparison{}); len(f) != 1 {
		t.Errorf("faults %v of nothing", f)
	}
}

// TestMatcherBound gives up when one side is far behind.
func TestMatcherBound(t *testing.T) {
	f := newMatcher().feed(sideOurs)
	batch := make([]capture.Packet, 512)
	for n := 0; ; n += len(batch) {
		for i := range batch {
			batch[i] = capture.Packet{Data: fmt.Appendf(nil, "%d", n+i)}
		}
		if err := f.batch(batch, []capture.Point{{Name: "x"}}); err != nil {
			if n < maxUnmatched-len(batch) {
				t.Errorf("gave up behind %d packets", n)
			}
			return
		}
		if n > maxUnmatched+len(batch) {
			t.Fatal("there is no bound")
		}
	}
}

func TestTCPDumpCounters(t *testing.T) {
	var c tcpdumpCounts
	for _, line := range []string{
		"12 packets captured", "1 packet captured", "34 packets received by filter", "5 packets dropped by kernel",
		"6 packets dropped by interface", "99999999999999999999 packets captured", "x packets captured", "7 packets",
	} {
		want := !strings.HasPrefix(line, "9") && !strings.HasPrefix(line, "x") && !strings.HasSuffix(line, "7 packets")
		if got := c.take(line); got != want {
			t.Errorf("%q: taken %v", line, got)
		}
	}
	if d := cmp.Diff(tcpdumpCounts{1, 34, 5, 6}, c, cmp.AllowUnexported(tcpdumpCounts{})); d != "" {
		t.Errorf("counters (-want +got):\n%s", d)
	}
}

func FuzzTCPDumpCounters(f *testing.F) {
	f.Add("12 packets captured")
	f.Add("5 packets dropped by kernel (x)")
	f.Fuzz(func(t *testing.T, line string) {
		var c tcpdumpCounts
		if !c.take(line) && c != (tcpdumpCounts{}) {
			t.Errorf("%q counts as %+v", line, c)
		}
	})
}

func TestVerifyUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--for", "10ms"}, 2, "--for 10ms: want 1s or more"},
		{[]string{"--tcpdump", "no-such-program"}, 1, "find no-such-program: it is not installed"},
		{[]string{"--tcpdump", "true", "tcp", "prot", "80"}, 2, "prot"},
	} {
		r := wirespan(t, append([]string{"verify"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%v: status %d, %s", c.args, r.code, r.stderr)
		}
	}
}

// verify runs it in the server's namespace while the server is loaded.
func (l *lab) verify(t *testing.T, args ...string) *proc {
	t.Helper()
	cmd := l.in(l.server, append([]string{os.Args[0], "verify", "-i", "vb", "-i", "lo", "--for", "2s", "-v"}, args...)...)
	cmd.Env = programCmd(context.Background()).Env
	p := start(t, cmd)
	for running := true; running; {
		l.curl(t, l.client, "http://10.79.0.2:8080", "/a", "/b")
		l.curl(t, l.server, "http://127.0.0.1:8080", "/c")
		select {
		case <-p.exited:
			running = false
		default:
		}
	}
	return p
}

// row takes the numbers of a row of the table.
func (p *proc) row(t *testing.T, name string) (n [5]int) {
	t.Helper()
	for line := range strings.Lines(p.out.String()) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			if _, err := fmt.Sscan(rest, &n[0], &n[1], &n[2], &n[3], &n[4]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return n
		}
	}
	t.Fatalf("no row %q:\n%s%s", name, p.out.String(), p.err.String())
	return n
}

// TestVerify compares with the real tcpdump, and with ones that cheat.
func TestVerify(t *testing.T) {
	tcpdump := toolPath(t, "tcpdump")
	l := newLab(t)
	l.nginx(t)
	t.Run("agree", func(t *testing.T) {
		p := l.verify(t)
		packets, conns := p.row(t, "packets"), p.row(t, "connections")
		if p.code != 0 || packets[2] < 50 || packets[3] != 0 || packets[4] != 0 || conns[2] < 10 || conns[3] != 0 || conns[4] != 0 {
			t.Errorf("status %d\n%s%s", p.code, p.out.String(), p.err.String())
		}
	})
	t.Run("with a filter", func(t *testing.T) {
		p := l.verify(t, "tcp", "port", "8080", "and", "host", "10.79.0.1")
		if packets := p.row(t, "packets"); p.code != 0 || packets[2] < 30 || strings.Contains(p.out.String(), "lo tcp") {
			t.Errorf("status %d\n%s%s", p.code, p.out.String(), p.err.String())
		}
	})
	script := func(text string) string {
		path := writeFile(t, "tcpdump", []byte("#!/bin/sh\n"+text+"\n"))
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("they differ", func(t *testing.T) {
		p := l.verify(t, "--tcpdump", script("exec "+tcpdump+` "$@" not host 127.0.0.1`))
		if packets := p.row(t, "packets"); p.code != 1 || packets[3] < 5 || packets[4] != 0 ||
			!strings.Contains(p.err.String(), "tcpdump lacks ") || !strings.Contains(p.out.String(), "lo tcp 127.0.0.1:8080") {
			t.Errorf("status %d\n%s%s", p.code, p.out.String(), p.err.String())
		}
	})
	t.Run("it fails", func(t *testing.T) {
		p := l.verify(t, "--tcpdump", script("echo no such thing >&2; exit 3"))
		if p.code != 1 || !strings.Contains(p.err.String(), "no such thing") {
			t.Errorf("status %d\n%s%s", p.code, p.out.String(), p.err.String())
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		cmd := l.in(l.server, os.Args[0], "verify", "-i", "vb", "--for", "1h")
		cmd.Env = programCmd(context.Background()).Env
		p := start(t, cmd)
		for range 20 {
			l.curl(t, l.client, "http://10.79.0.2:8080", "/a", "/b", "/c", "/d", "/e", "/f")
		}
		p.interrupt(t)
		if p.code != 0 && !strings.Contains(p.err.String(), "neither saw a packet") {
			t.Errorf("status %d\n%s%s", p.code, p.out.String(), p.err.String())
		}
	})
}
