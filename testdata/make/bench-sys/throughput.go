//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
		return "packets and " + w.tier.String()
	case w.packets:
		return "packets"
	}
	return w.tier.String()
}

// throughput prints how many requests nginx, which proxies to itself, answers
// with each way of looking.
func throughput(tiers []sys.Tier, rounds int, binary string) error {
	for _, tool := range []string{"nginx", "wrk"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Printf("no %s, so no throughput\n", tool)
			return nil
		}
	}
	dir, err := os.MkdirTemp("", "bench-sys")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777); err != nil {
		return err
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(nginxConf), 0o644); err != nil {
		return err
	}
	nginx := exec.Command("nginx", "-c", conf, "-p", dir)
	nginx.Stderr = os.Stderr
	if err := nginx.Start(); err != nil {
		return err
	}
	defer func() { _ = nginx.Process.Signal(unix.SIGTERM); _ = nginx.Wait() }()
	if err := await("127.0.0.1:18270"); err != nil {
		return err
	}
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
	rate := make(map[way][]float64)
	share := make(map[way][]float64) // of the bare run just before
	lost := make(map[way]sys.Stats)
	for range rounds {
		bare := 0.0
		for _, w := range ways {
			n, st, err := w.drive(binary)
			if err != nil {
				return err
			}
			if w == ways[0] {
				bare = n
			}
			rate[w], share[w] = append(rate[w], n), append(share[w], n/bare)
			was := lost[w]
			lost[w] = sys.Stats{Seen: was.Seen + st.Seen, Dropped: was.Dropped + st.Dropped}
		}
	}
	fmt.Printf("\n%-22s %10s %8s   nginx proxying to itself, wrk with 16 connections, medians of %d rounds\n", "", "requests/s", "share", rounds)
	for _, w := range ways {
		fmt.Printf("%-22s %10.0f %7.0f%%", w, median(rate[w]), 100*median(share[w]))
		if st := lost[w]; st.Seen > 0 {
			fmt.Printf("   %.0f calls seen a second, %d of %d dropped", float64(st.Seen)/float64(rounds)/roundTime.Seconds(), st.Dropped, st.Seen)
		}
		fmt.Println()
	}
	return nil
}

// drive measures one round.
func (w way) drive(binary string) (rate float64, st sys.Stats, err error) {
	var m *module
	var live *exec.Cmd
	if w.packets {
		mode := w.tier.String()
		live = exec.Command(binary, "live", "-i", "lo", "--sys", mode, "--sys-port", "18270", "--sys-port", "18271", "--out", "ndjson:"+os.DevNull, "--status", "never", "port", "18270", "or", "port", "18271")
		if err := live.Start(); err != nil {
			return 0, st, err
		}
		time.Sleep(1500 * time.Millisecond)
	} else if m, err = start(w.tier, false); err != nil {
		return 0, st, err
	}
	rate, err = wrk()
	if live != nil {
		_ = live.Process.Signal(os.Interrupt)
		_ = live.Wait()
	}
	st, e := m.stop()
	if err == nil {
		err = e
	}
	return rate, st, err
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
