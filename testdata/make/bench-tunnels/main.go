// Command bench-tunnels compares what a packet costs wirespan plain and in a
// mirror's tunnel: it wraps a capture into VXLAN, GRE and ERSPAN (II), reads all
// four in turns, with parsers and with connections only, and writes
// build/bench/tunnels.tsv. It runs at the root of the repository, after make
// build and make bench-capture:
//
//	go run ./testdata/make/bench-tunnels [-rounds 5] [-packets 300000] [CAPTURE]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

const folder = "build/bench"

func main() {
	rounds := flag.Int("rounds", 5, "runs of each; the median counts")
	packets := flag.Int("packets", 300_000, "how many packets of the capture")
	program := flag.String("wirespan", "build/wirespan", "the program to measure")
	flag.Parse()
	capture := filepath.Join(folder, "small.pcap")
	if flag.NArg() > 0 {
		capture = flag.Arg(0)
	}
	if err := run(*program, capture, *packets, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench-tunnels:", err)
		os.Exit(1)
	}
}

// cell is one way to wrap with one way to read.
type cell struct {
	wrapping, reading string
	command           []string
	cpu               []time.Duration
	exchanges         int
}

func run(program, capture string, packets, rounds int) error {
	var cells []*cell
	for _, w := range wrappings() {
		file := filepath.Join(folder, "tunnel-"+w.name+".pcap")
		n, err := wrap(capture, file, packets, w.header)
		if err != nil {
			return err
		}
		defer os.Remove(file)
		packets = n
		args := []string{program, "read", "--progress", "never", "--bodies", "0", "--workers", "1", "--attributes", "core", "--out", "otlp-proto:/dev/null"}
		cells = append(cells, &cell{wrapping: w.name, reading: "http", command: append(slices.Clone(args), file)},
			&cell{wrapping: w.name, reading: "connections", command: append(slices.Clone(args), "--proto", "8080=off", file)})
	}
	for range rounds {
		for _, c := range cells {
			if err := c.time(); err != nil {
				return err
			}
		}
	}
	return write(cells, packets, rounds)
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

func write(cells []*cell, packets, rounds int) error {
	out, err := os.Create(filepath.Join(folder, "tunnels.tsv"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "# %d packets, medians of %d interleaved rounds, CPU of the whole process\n", packets, rounds)
	fmt.Fprintln(out, "read\twrapped\tcpu_s\tcpu_ns_pkt\tMpps_core\texchanges\tcpu_vs_plain")
	for i, c := range cells {
		took, plain := c.median(), cells[i%2]
		if c.exchanges != plain.exchanges {
			err = errors.Join(err, fmt.Errorf("%s: %d exchanges, plain %d", c.wrapping, c.exchanges, plain.exchanges))
		}
		fmt.Fprintf(out, "%s\t%s\t%.2f\t%d\t%.2f\t%d\t%.2f\n", c.reading, c.wrapping, took.Seconds(), took.Nanoseconds()/int64(packets),
			float64(packets)/took.Seconds()/1e6, c.exchanges, c.ratio(plain))
	}
	return errors.Join(err, out.Close())
}
