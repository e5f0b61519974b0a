package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	ifaces  []string
	length  time.Duration
	tcpdump string
	expr    string
	verbose bool
}

// Times of a comparison.
const (
	// verifyEdge is how long before and after the window a packet of one side
	// only is taken for one that the other did not capture yet, or no more.
	verifyEdge = 20 * time.Millisecond
	// verifyDrain is how long both sides go on capturing behind the window:
	// tcpdump looks at a part of its ring that is not full only after a second,
	// and not at all when it is interrupted before.
	verifyDrain = 1500 * time.Millisecond
	// verifyEnd bounds the wait for the last packets.
	verifyEnd = 10 * time.Second
)

func newVerify() *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify [-i IF]... [--for DURATION] [FILTER]",
		Short: "compare what wirespan and tcpdump see of the same packets",
		Long: `Captures with tcpdump and with our own ring at the same time, and compares the
packets and connections that both saw. Exit status 1 says that one of them
lacks more than it reports as dropped.`,
		Example: `  wirespan verify --for 1m
  wirespan verify -i eth0 --for 10s 'tcp port 80'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.expr = strings.TrimSpace(strings.Join(args, " "))
			return runVerify(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.ifaces, "interface", "i", nil, "compare on `IF`; repeatable (default: all useful)")
	f.DurationVar(&o.length, "for", time.Minute, "compare for so long")
	f.StringVar(&o.tcpdump, "tcpdump", "tcpdump", "`PROGRAM` to compare with")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "list the connections that differ")
	return cmd
}

// runVerify compares and prints the outcome.
func runVerify(ctx context.Context, o *verifyOptions, out io.Writer) error {
	if o.length < time.Second {
		return usage(fmt.Errorf("--for %v: want 1s or more", o.length))
	}
	program, err := exec.LookPath(o.tcpdump)
	if err != nil {
		return &statusError{exitPartial, fmt.Errorf("find %s: it is not installed, so there is nothing to compare with: %w", o.tcpdump, err)}
	}
	if _, err := filter.Parse(o.expr); err != nil {
		return usage(fmt.Errorf("filter: %w", err))
	}
	if len(o.ifaces) == 0 {
		if o.ifaces, err = usefulIfaces(""); err != nil {
			return &statusError{exitPartial, explainOpen(err)}
		}
	}
	slices.Sort(o.ifaces)
	o.ifaces = slices.Compact(o.ifaces)
	v := &verification{o: o, m: newMatcher()}
	if err := v.run(ctx, program); err != nil {
		return err
	}
	r := v.m.compare(int64(verifyEdge))
	v.print(out, r)
	if faults := v.faults(r); len(faults) > 0 {
		return &statusError{exitPartial, errors.New(strings.Join(faults, "; "))}
	}
	return nil
}

// verification is one comparison under way.
type verification struct {
	o      *verifyOptions
	m      *matcher
	ours   *afpacket.Source
	theirs []*tcpdump
	stats  capture.Stats // of ours
	drops  tcpdumpCounts // of all of theirs
}

// run captures with both.
func (v *verification) run(ctx context.Context, program string) (err error) {
	if err := v.open(ctx); err != nil {
		return err
	}
	defer v.ours.Close()
	reading, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	for _, name := range v.o.ifaces {
		t, err := startTCPDump(reading, program, name, v.o.expr)
		if err != nil {
			return &statusError{exitPartial, err}
		}
		v.theirs = append(v.theirs, t)
	}
	for _, t := range v.theirs {
		if err := t.await(ctx); err != nil {
			v.abort(cancel)
			return &statusError{exitPartial, err}
		}
	}
	v.m.from = time.Now().UnixNano()
	v.m.to = v.m.from + int64(v.o.length)
	return v.watch(ctx, reading)
}

// abort ends the tcpdumps when there is nothing to compare.
func (v *verification) abort(cancel context.CancelFunc) {
	cancel()
	for _, t := range v.theirs {
		_ = t.wait()
	}
}

// open opens our ring.
func (v *verification) open(ctx context.Context) error {
	c := afpacket.Default()
	c.Interfaces, c.Promiscuous = v.o.ifaces, false
	c.Filter = func(link capture.LinkType) ([]bpf.RawInstruction, error) {
		p, err := filter.Compile(v.o.expr, filter.Options{Link: link, Snaplen: liveSnaplen, Live: true, Resolver: newResolver().functions()})
		if err != nil {
			return nil, err
		}
		return p.Instructions, nil
	}
	src, err := afpacket.Open(ctx, c)
	if err != nil {
		return explainOpen(err)
	}
	v.ours = src
	return nil
}

// watch reads both sides until the window has passed, or until ctx ends.
func (v *verification) watch(ctx, reading context.Context) error {
	errs := make([]error, len(v.theirs)+1)
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = v.m.feed(sideOurs).read(reading, v.ours) })
	for i, t := range v.theirs {
		wg.Go(func() { errs[i+1] = t.read(reading, v.m.feed(sideTheirs)) })
	}
	window := time.NewTimer(v.o.length + verifyDrain)
	defer window.Stop()
	select {
	case <-ctx.Done(): // what was seen until now is compared
		v.m.mu.Lock()
		v.m.to = min(v.m.to, time.Now().UnixNano())
		v.m.mu.Unlock()
		time.Sleep(verifyDrain)
	case <-window.C:
	}
	for _, t := range v.theirs {
		t.stop()
	}
	err := v.ours.Stop()
	late := time.AfterFunc(verifyEnd, func() { v.ours.Close() })
	defer late.Stop()
	wg.Wait()
	for _, t := range v.theirs {
		err = errors.Join(err, t.wait())
		v.drops.add(t.counts)
	}
	stats, statsErr := v.ours.Stats()
	v.stats = stats
	if err = errors.Join(append(errs, err, statsErr)...); err != nil {
		return &statusError{exitPartial, err}
	}
	return nil
}

func (c *tcpdumpCounts) add(o tcpdumpCounts) {
	c.captured += o.captured
	c.received += o.received
	c.kernelDrops += o.kernelDrops
	c.ifaceDrops += o.ifaceDrops
}

// read shows the packets of a source to the matcher, to its end.
func (f *feed) read(ctx context.Context, src capture.Source) error {
	batch := make([]capture.Packet, maxFrames)
	for {
		n, err := src.ReadBatch(ctx, batch)
		if e := f.batch(batch[:n], src.Points()); e != nil {
			return e
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed), errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return err
		}
	}
}
