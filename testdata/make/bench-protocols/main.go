// Command bench-protocols compares what a packet costs wirespan, tshark and
// suricata, protocol by protocol. For every folder of l7 it repeats recordings
// of its tests into build/bench/proto-NAME.pcap, runs the programs over it in
// turns and writes one row into build/bench/protocols.tsv. It runs at the root
// of the repository, after make build:
//
//	go run ./testdata/make/bench-protocols [-rounds 3] [NAME ...]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const folder = "build/bench"

// program is the wirespan that is measured.
var program string

func main() {
	rounds := flag.Int("rounds", 3, "runs of each program; the median counts")
	packets := flag.Int("packets", 100_000, "least number of packets in a capture")
	flag.StringVar(&program, "wirespan", "build/wirespan", "the program to measure")
	to := flag.String("o", filepath.Join(folder, "protocols.tsv"), "where the table goes")
	flag.Parse()
	if err := run(*rounds, *packets, *to, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench-protocols:", err)
		os.Exit(1)
	}
}

func run(rounds, packets int, to string, names []string) error {
	if len(names) == 0 {
		dirs, err := filepath.Glob("l7/*/testdata")
		if err != nil {
			return err
		}
		for _, d := range dirs {
			names = append(names, filepath.Base(filepath.Dir(d)))
		}
	}
	config, err := suricataConfig()
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	table := &table{out: out}
	table.head(rounds)
	var failed []error
	for _, name := range names {
		files := recordings(name)
		if len(files) == 0 {
			continue
		}
		r, err := one(name, files, config, rounds, packets)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
			continue
		}
		table.row(r)
	}
	return errors.Join(append(failed, out.Close())...)
}

// one compares the programs on one protocol.
func one(name string, files []string, config string, rounds, packets int) (r result, err error) {
	file := filepath.Join(folder, "proto-"+name+".pcap")
	n, ports, err := repeat(files, file, packets)
	if err != nil {
		return r, err
	}
	if r, err = measure(name, file, ports, config, rounds); err != nil {
		return r, err
	}
	r.packets = n
	return r, nil
}
