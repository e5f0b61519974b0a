//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys"
)

const nginxConf = `daemon off; worker_processes 2; pid nginx.pid; error_log stderr crit;
events { worker_connections 512; }
http { access_log off; keepalive_requests 1000000; client_body_temp_path .; proxy_temp_path .; fastcgi_temp_path .; uwsgi_temp_path .; scgi_temp_path .;
upstream up { server 127.0.0.1:18271; keepalive 32; keepalive_requests 1000000; }
server { listen 127.0.0.1:18271; location / { return 200 "0123456789"; } }
server { listen 127.0.0.1:18270; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; } } }
`

// way is what looks at the requests.
type way struct {
	tier    sys.Tier // the module alone
	packets bool     // the whole program, with the module if a tier is given
}

func (w way) String() string {
	switch {
	case w.packets && w.tier != sys.Off:
		return "packets and `" + w.tier.String() + "`"
	case w.packets:
		return "packets"
	case w.tier == sys.Off:
		return "without"
	}
	return "`" + w.tier.String() + "`"
}

// throughput prints how many requests nginx, which proxies to itself, answers
// with each way of looking.
func throughput(p *plan, out *bytes.Buffer) error {
	for _, tool := range []string{"nginx", "wrk"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(out, "\nNo %s, so no throughput.\n", tool)
			return nil
		}
	}
	servers, end, err := serve()
	if err != nil {
		return err
	}
	defer end()
	ways := waysOf(p.tiers, p.binary)
	results := make([]results, len(ways))
	bare := way{}
	for range p.rounds {
		before, err := bare.drive(p.binary, servers)
		if err != nil {
			return err
		}
		for i, w := range ways {
			with, err := w.drive(p.binary, servers)
			if err != nil {
				return err
			}
			after, err := bare.drive(p.binary, servers)
			if err != nil {
				return err
			}
			results[i].add(before, with, after)
			before = after
		}
	}
	fmt.Fprintf(out, throughputText, p.rounds)
	fmt.Fprintf(out, "| without | %.0f | 100 %% |  | %.1f | 0 | 100 %% |  |\n", median(results[0].bare), median(results[0].bareCPU))
	for i, w := range ways {
		r := &results[i]
		fmt.Fprintf(out, "| %v | %.0f | %.0f %% | %.0f to %.0f %% | %.1f | %.1f | %.0f %% | %v |\n", w, median(r.rate),
			100*median(r.share), 100*slices.Min(r.share), 100*slices.Max(r.share), median(r.cpu), median(r.own), 100*median(r.cpuShare), r.fate)
	}
	return nil
}

const throughputText = `
## nginx under wrk

nginx with two workers that proxies to itself, wrk with 16 connections on the same two cores, which are busy all the time: what looks takes
from what is looked at. Each share is that of the mean of the runs without, just before and just after; medians of %d rounds, and the
least and the most. Goal: 90 %% with the module. The module alone is read and thrown away; packets are read, understood, and told as spans.
CPU is that of nginx, wrk and what looks, in microseconds for a request, and its own part; the share by CPU is what two cores would answer
if nothing else ran there.

| | requests a second | share | from | CPU | its own | share by CPU | of calls and packets |
|---|---|---|---|---|---|---|---|
`

// sample is one run: how many requests were answered, and what CPU time they
// took.
type sample struct {
	rate     float64 // a second
	requests float64
	cpu, own time.Duration // of all, and of what looks
	fate     fate
}

// micros is the CPU time of a request.
func (s *sample) micros() float64 { return float64(s.cpu.Microseconds()) / s.requests }

// results are those of all rounds of a way, and of the runs without around them.
type results struct {
	rate, share, cpu, own, cpuShare, bare, bareCPU []float64
	fate                                           fate
}

func (r *results) add(before, with, after sample) {
	rate := (before.rate + after.rate) / 2
	cpu := (before.micros() + after.micros()) / 2
	r.bare, r.bareCPU = append(r.bare, rate), append(r.bareCPU, cpu)
	r.rate, r.share = append(r.rate, with.rate), append(r.share, with.rate/rate)
	r.cpu, r.cpuShare = append(r.cpu, with.micros()), append(r.cpuShare, cpu/with.micros())
	r.own = append(r.own, float64(with.own.Microseconds())/with.requests)
	r.fate = r.fate.plus(with.fate)
}

// waysOf are all ways that can be measured here.
func waysOf(tiers []sys.Tier, binary string) []way {
	var ways []way
	for _, t := range tiers {
		ways = append(ways, way{tier: t})
	}
	if _, err := os.Stat(binary); err == nil {
		ways = append(ways, way{packets: true})
		for _, t := range tiers {
			ways = append(ways, way{tier: t, packets: true})
		}
	}
	return ways
}

// serve runs nginx until end is called; pids are its processes.
func serve() (pids []int, end func(), err error) {
	dir, err := os.MkdirTemp("", "bench-sys")
	if err != nil {
		return nil, nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := errors.Join(os.Chmod(dir, 0o777), os.WriteFile(conf, []byte(nginxConf), 0o644)); err != nil {
		return nil, nil, err
	}
	nginx := exec.Command("nginx", "-c", conf, "-p", dir)
	nginx.Stderr = os.Stderr
	if err := nginx.Start(); err != nil {
		return nil, nil, err
	}
	end = func() {
		_ = nginx.Process.Signal(unix.SIGTERM)
		_ = nginx.Wait()
		_ = os.RemoveAll(dir)
	}
	if err := await("127.0.0.1:18270"); err != nil {
		end()
		return nil, nil, err
	}
	return family(nginx.Process.Pid), end, nil
}

// fate is what became of calls and packets.
type fate struct {
	looked           bool
	packets          bool
	seen, dropped    uint64 // calls
	captured, missed uint64 // packets
}

func (f fate) plus(g fate) fate {
	return fate{f.looked || g.looked, f.packets || g.packets, f.seen + g.seen, f.dropped + g.dropped, f.captured + g.captured, f.missed + g.missed}
}

func (f fate) String() string {
	var parts []string
	if f.looked {
		parts = append(parts, fmt.Sprintf("%d of %d calls dropped", f.dropped, f.seen))
	}
	if f.packets {
		parts = append(parts, fmt.Sprintf("%d of %d packets dropped", f.missed, f.captured+f.missed))
	}
	return strings.Join(parts, ", ")
}

var (
	sysLine   = regexp.MustCompile(`(?m)^sys \S+ +(\d+) seen`)
	lostCalls = regexp.MustCompile(`(?m)^sys .* (\d+) dropped`)
	gotten    = regexp.MustCompile(`(?m)^(\d+) packets captured`)
	missed    = regexp.MustCompile(`(?m)^(\d+) packets dropped by kernel`)
)

// said is the number in what the program said in the end, 0 if there is none.
func said(summary []byte, re *regexp.Regexp) uint64 {
	m := re.FindSubmatch(summary)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseUint(string(m[1]), 10, 64)
	return n
}

// drive measures one run.
func (w way) drive(binary string, servers []int) (sample, error) {
	if w.packets {
		return w.driveProgram(binary, servers)
	}
	m, err := start(view{tier: w.tier})
	if err != nil {
		return sample{}, err
	}
	s, err := ask(servers, os.Getpid())
	st, e := m.stop()
	s.fate = fate{looked: w.tier != sys.Off, seen: st.Seen, dropped: st.Dropped}
	return s, errors.Join(err, e)
}

// driveProgram measures one run with the whole program.
func (w way) driveProgram(binary string, servers []int) (sample, error) {
	var summary bytes.Buffer
	live := exec.Command(binary, "live", "-i", "lo", "--sys", w.tier.String(), "--sys-port", "18270", "--sys-port", "18271",
		"--out", "ndjson:"+os.DevNull, "--status", "never", "port", "18270", "or", "port", "18271")
	live.Stderr = &summary
	if err := live.Start(); err != nil {
		return sample{}, err
	}
	time.Sleep(1500 * time.Millisecond)
	s, err := ask(servers, live.Process.Pid)
	_ = live.Process.Signal(os.Interrupt)
	if e := live.Wait(); err == nil && e != nil {
		err = fmt.Errorf("wirespan: %w: %s", e, summary.Bytes())
	}
	b := summary.Bytes()
	s.fate = fate{
		looked: w.tier != sys.Off, packets: true, seen: said(b, sysLine), dropped: said(b, lostCalls), captured: said(b, gotten), missed: said(b, missed),
	}
	return s, err
}

// roundTime is how long wrk asks.
const roundTime = 2 * time.Second

var (
	perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	requests  = regexp.MustCompile(`(\d+) requests in`)
)

// ask runs wrk against servers, while a process looks.
func ask(servers []int, looker int) (sample, error) {
	served, own := cpuOf(servers...), cpuOf(looker)
	cmd := exec.Command("wrk", "-t", "1", "-c", "16", "-d", roundTime.String(), "http://127.0.0.1:18270/")
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("wrk: %w", err)
	}
	s := sample{own: cpuOf(looker) - own}
	s.cpu = s.own + cpuOf(servers...) - served + cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f, n := perSecond.FindSubmatch(out), requests.FindSubmatch(out)
	if f == nil || n == nil || bytes.Contains(out, []byte("Non-2xx")) {
		return s, fmt.Errorf("wrk says %s", out)
	}
	s.rate, err = strconv.ParseFloat(string(f[1]), 64)
	if err == nil {
		s.requests, err = strconv.ParseFloat(string(n[1]), 64)
	}
	return s, err
}

// await waits until somebody listens.
func await(addr string) error {
	var err error
	for range 100 {
		var c net.Conn
		if c, err = net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}
