// Command bench-tunnels measures what a packet costs wirespan offline, plain and
// in a mirror's tunnel: it wraps captures into VXLAN, GRE and ERSPAN (II), reads
// all four in turns and writes build/bench/tunnels.tsv. The captures are made here
// (small.go): 64-byte frames of TCP connections and of datagrams in protocols that
// nobody knows, and DNS. If there is CAPTURE (make bench-capture), it is read as
// well, with parsers and with connections only. It runs at the root of the
// repository, after make build:
//
//	go run ./testdata/make/bench-tunnels [-rounds 5] [-packets 300000] [-small 1000000] [CAPTURE]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const folder = "build/bench"

func main() {
	b := bench{capture: filepath.Join(folder, "small.pcap")}
	flag.IntVar(&b.rounds, "rounds", 5, "runs of each; the median counts")
	flag.IntVar(&b.packets, "packets", 300_000, "how many packets of the capture")
	flag.IntVar(&b.small, "small", 1_000_000, "how many small packets")
	flag.StringVar(&b.program, "wirespan", "build/wirespan", "the program to measure")
	flag.StringVar(&b.only, "only", "", "what to read: tcp64, tcp64short, udp64, dns, http, connections; empty: everything")
	flag.BoolVar(&b.keep, "keep", false, "leave the captures there, for a profile")
	flag.Parse()
	if flag.NArg() > 0 {
		b.capture = flag.Arg(0)
	}
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-tunnels:", err)
		os.Exit(1)
	}
}

// bench is a run of this program.
type bench struct {
	program, capture, only string
	packets, small, rounds int
	keep                   bool
	cells                  []*cell
	made                   []string // captures
}

// cell is one way to wrap with one way to read.
type cell struct {
	reading, wrapping string
	packets           int
	command           []string
	cpu               []time.Duration
	exchanges         int
}

func (b *bench) run() error {
	if !b.keep {
		defer func() {
			for _, f := range b.made {
				os.Remove(f)
			}
		}()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, c := range chatters() {
		if err := b.add(c.name, func(plain string) (string, error) { return plain, c.write(plain, b.small) }, b.small); err != nil {
			return err
		}
	}
	if _, err := os.Stat(b.capture); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "bench-tunnels: no %s, so no HTTP; make bench-capture records it\n", b.capture)
	} else {
		recorded := func(string) (string, error) { return b.capture, nil }
		if err := errors.Join(b.add("http", recorded, b.packets), b.add("connections", recorded, b.packets, "--proto", "8080=off")); err != nil {
			return err
		}
	}
	for range b.rounds {
		for _, c := range b.cells {
			if err := c.time(); err != nil {
				return err
			}
		}
	}
	return b.write()
}

// add makes the cells of a capture, which from says where to find.
func (b *bench) add(reading string, from func(plain string) (string, error), packets int, args ...string) error {
	if b.only != "" && b.only != reading {
		return nil
	}
	plain := filepath.Join(folder, "tunnel-"+reading+".pcap")
	capture, err := from(plain)
	if err != nil {
		return err
	}
	b.made = append(b.made, plain)
	for _, w := range wrappings() {
		file := filepath.Join(folder, "tunnel-"+reading+"-"+w.name+".pcap")
		b.made = append(b.made, file)
		n, err := wrap(capture, file, packets, w.header)
		if err != nil {
			return err
		}
		command := []string{b.program, "read", "--progress", "never", "--bodies", "0", "--workers", "1", "--attributes", "core", "--out", "otlp-proto:/dev/null"}
		b.cells = append(b.cells, &cell{reading: reading, wrapping: w.name, packets: n, command: append(append(command, args...), file)})
	}
	return nil
}

var exchangesLine = regexp.MustCompile(`(?m)^exchanges +([0-9]+)`)

// time runs a cell once.
func (c *cell) time() error {
	cmd := exec.Command(c.command[0], c.command[1:]...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", cmd, err, out)
	}
	c.cpu = append(c.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if m := exchangesLine.FindSubmatch(out); m != nil {
		c.exchanges, err = strconv.Atoi(string(m[1]))
	}
	return err
}

func (c *cell) median() time.Duration {
	l := slices.Sorted(slices.Values(c.cpu))
	return l[len(l)/2]
}

// ratio is the median over rounds of what a cell took against another one in
// the same round.
func (c *cell) ratio(o *cell) float64 {
	var l []float64
	for i := range c.cpu {
		l = append(l, float64(c.cpu[i])/float64(o.cpu[i]))
	}
	slices.Sort(l)
	return l[len(l)/2]
}

// write makes the table. What wrapping changed is an error: there must be as many
// exchanges in a tunnel as without.
func (b *bench) write() (err error) {
	var out strings.Builder
	fmt.Fprintf(&out, "# medians of %d interleaved rounds, CPU of the whole process; load %s\n", b.rounds, load())
	fmt.Fprintln(&out, "read\twrapped\tpackets\tcpu_s\tcpu_ns_pkt\tMpps_core\texchanges\tcpu_vs_plain")
	for i, c := range b.cells {
		took, plain := c.median(), b.cells[i/len(wrappings())*len(wrappings())]
		if c.exchanges != plain.exchanges {
			err = errors.Join(err, fmt.Errorf("%s in %s: %d exchanges, plain %d", c.reading, c.wrapping, c.exchanges, plain.exchanges))
		}
		fmt.Fprintf(&out, "%s\t%s\t%d\t%.2f\t%d\t%.2f\t%d\t%.2f\n", c.reading, c.wrapping, c.packets, took.Seconds(), took.Nanoseconds()/int64(c.packets),
			float64(c.packets)/took.Seconds()/1e6, c.exchanges, c.ratio(plain))
	}
	fmt.Print(out.String())
	return errors.Join(err, os.WriteFile(filepath.Join(folder, "tunnels.tsv"), []byte(out.String()), 0o644))
}

// load says how busy the machine is, as the kernel counts.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
