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
	end, err := serve()
	if err != nil {
		return err
	}
	defer end()
	ways := waysOf(p.tiers, p.binary)
	rate := make(map[way][]float64)
	share := make(map[way][]float64) // of the bare run just before
	sum := make(map[way]fate)
	for range p.rounds {
		bare := 0.0
		for _, w := range ways {
			n, f, err := w.drive(p.binary)
			if err != nil {
				return err
			}
			if w == ways[0] {
				bare = n
			}
			rate[w], share[w] = append(rate[w], n), append(share[w], n/bare)
			sum[w] = sum[w].plus(f)
		}
	}
	fmt.Fprintf(out, throughputText, p.rounds)
	for _, w := range ways {
		fmt.Fprintf(out, "| %v | %.0f | %.0f %% | %.0f to %.0f %% | %v |\n", w, median(rate[w]), 100*median(share[w]), 100*slices.Min(share[w]), 100*slices.Max(share[w]), sum[w])
	}
	return nil
}

const throughputText = `
## nginx under wrk

nginx with two workers that proxies to itself, wrk with 16 connections on the same two cores, which are busy all the time: what looks takes
from what is looked at. Each share is that of the run without, just before in the same round; medians of %d rounds, and the least and the most. Goal: 90 %% with
the module. The module alone is read and thrown away; packets are read, understood, and told as spans.

| | requests a second | share | from | of calls and packets |
|---|---|---|---|---|
`

// waysOf are all ways that can be measured here.
func waysOf(tiers []sys.Tier, binary string) []way {
	ways := []way{{}}
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

// serve runs nginx until end is called.
func serve() (end func(), err error) {
	dir, err := os.MkdirTemp("", "bench-sys")
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := errors.Join(os.Chmod(dir, 0o777), os.WriteFile(conf, []byte(nginxConf), 0o644)); err != nil {
		return nil, err
	}
	nginx := exec.Command("nginx", "-c", conf, "-p", dir)
	nginx.Stderr = os.Stderr
	if err := nginx.Start(); err != nil {
		return nil, err
	}
	end = func() {
		_ = nginx.Process.Signal(unix.SIGTERM)
		_ = nginx.Wait()
		_ = os.RemoveAll(dir)
	}
	if err := await("127.0.0.1:18270"); err != nil {
		end()
		return nil, err
	}
	return end, nil
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

// drive measures one round.
func (w way) drive(binary string) (float64, fate, error) {
	if w.packets {
		return w.driveProgram(binary)
	}
	m, err := start(view{tier: w.tier})
	if err != nil {
		return 0, fate{}, err
	}
	rate, err := wrk()
	st, e := m.stop()
	return rate, fate{looked: w.tier != sys.Off, seen: st.Seen, dropped: st.Dropped}, errors.Join(err, e)
}

// driveProgram measures one round with the whole program.
func (w way) driveProgram(binary string) (float64, fate, error) {
	var summary bytes.Buffer
	live := exec.Command(binary, "live", "-i", "lo", "--sys", w.tier.String(), "--sys-port", "18270", "--sys-port", "18271",
		"--out", "ndjson:"+os.DevNull, "--status", "never", "port", "18270", "or", "port", "18271")
	live.Stderr = &summary
	if err := live.Start(); err != nil {
		return 0, fate{}, err
	}
	time.Sleep(1500 * time.Millisecond)
	rate, err := wrk()
	_ = live.Process.Signal(os.Interrupt)
	if e := live.Wait(); err == nil && e != nil {
		err = fmt.Errorf("wirespan: %w: %s", e, summary.Bytes())
	}
	b := summary.Bytes()
	return rate, fate{
		looked: w.tier != sys.Off, packets: true, seen: said(b, sysLine), dropped: said(b, lostCalls), captured: said(b, gotten), missed: said(b, missed),
	}, err
}

// roundTime is how long wrk asks.
const roundTime = 2 * time.Second

var perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

func wrk() (float64, error) {
	out, err := exec.Command("wrk", "-t", "1", "-c", "16", "-d", roundTime.String(), "http://127.0.0.1:18270/").Output()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w", err)
	}
	f := perSecond.FindSubmatch(out)
	if f == nil || bytes.Contains(out, []byte("Non-2xx")) {
		return 0, fmt.Errorf("wrk says %s", out)
	}
	return strconv.ParseFloat(string(f[1]), 64)
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
