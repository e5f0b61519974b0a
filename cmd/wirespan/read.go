package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/mirror/point"
)

// readOptions are the flags of read.
type readOptions struct {
	options
	follow bool
	points []string
	// agentGiven says that the user named the agent; else a recording does.
	agentGiven bool
	words      []string // filter expression behind --
	expr       string
	exprFile   string
	inner      bool // the filter is for the innermost frame
	sysReplay  []string
	keepTimes  bool // packets have the times of the files, clocks apart or not
}

func newRead() *cobra.Command {
	o := &readOptions{}
	cmd := &cobra.Command{
		Use:   "read FILE... [-- FILTER]",
		Short: "analyse capture files and print their traces",
		Long: `Analyses pcap and pcapng files, plain, gzip or zstd, directories of them, and
standard input (-), and prints the traces that it finds.

Files of one rotation are one capture point; files that overlap in time are
points of their own and are merged by time. So are the files of a directory.`,
		Example: `  wirespan read trace.pcap
  wirespan read gateway.pcap backend.pcapng.gz --out otlp:spans.jsonl
  ssh host 'tcpdump -U -s0 -w - not port 22' | wirespan read --follow -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				o.words, args = args[n:], args[:n]
			}
			o.agentGiven = cmd.Flags().Changed("agent")
			return runRead(cmd.Context(), o, args)
		},
	}
	f := cmd.Flags()
	o.add(f)
	o.placing.add(f, byAuto, byAuto)
	f.BoolVarP(&o.follow, "follow", "f", false, "the input is still being written: go on at its end")
	f.StringArrayVar(&o.sysReplay, "sys-replay", nil, "what processes did meanwhile, from `FILE` as live --sys-record wrote it; repeatable, one for each agent")
	f.BoolP("numeric", "n", false, "accepted; addresses are never looked up")
	f.StringArrayVar(&o.points, "point", nil, "`NAME` of the capture point, NAME=FILE+FILE to join files into one, or NAME=WHAT for packets, as web=vxlan:7 or core=iface:eth1; repeatable")
	f.StringVar(&o.expr, "filter", "", "only packets that match `EXPR` (pcap-filter(7)); also the words behind --")
	f.StringVarP(&o.exprFile, "filter-file", "F", "", "read the filter from `FILE`")
	f.BoolVar(&o.inner, "filter-inner", false, "apply the filter to the innermost frame inside of tunnels")
	return cmd
}

// runRead analyses the inputs.
func runRead(ctx context.Context, o *readOptions, args []string) error {
	inputs, err := parseInputs(args, o.filePoints())
	if err != nil {
		return usage(err)
	}
	filter, err := newReadFilter(o)
	if err != nil {
		return usage(err)
	}
	src, err := openSource(ctx, o, inputs, filter)
	if err != nil {
		return err
	}
	defer src.Close()
	o.live, o.secrets = o.follow, keyLogsOf(src)
	recordedAgent(o, src)
	if err := o.placing.adopt(src.Settings()); err != nil {
		o.say(err.Error())
	}
	p, err := compose(&o.options)
	if err != nil {
		return err
	}
	if len(p.outs.cuts) > 0 {
		if err := checkCut(inputs, o.follow); err != nil {
			return usage(err)
		}
	}
	watch, err := p.watch(&o.options)
	if err != nil {
		return err
	}
	defer watch.stop(ctx)
	if o.inner {
		p.cfg.inner = filter.match
	}
	var pipe *pipeline
	if o.severalAgents {
		markAgents(p.cfg.link.Forms, p.keys, o.agent, func() []capture.Point { return *pipe.points.Load() })
	}
	if pipe, err = p.newPipelineOn(src); err != nil {
		return usage(err)
	}
	events, err := openSysReplays(o.sysReplay, o.agentGiven, pipe)
	if err != nil {
		return &statusError{exitPartial, err}
	}
	defer events.close()
	if err := watch.start(pipe, feeds{source: statsOf(src)}); err != nil {
		return err
	}
	stop, err := startProfile(o.profile)
	if err != nil {
		return usage(err)
	}
	defer stop()
	bar := startProgress(&o.options, src, p.outs.people)
	err = pipe.run(ctx)
	bar.stop()
	if err == nil {
		err = p.outs.cutPackets(ctx, o, inputs)
	}
	err = finishRead(o, p, pipe, src, watch.given(), err)
	p.outs.keep.linger(ctx, &o.options)
	p.outs.keep.close(ctx)
	return err
}

// openSource opens the inputs with the filter, which may be nil, or the filter
// program.
func openSource(ctx context.Context, o *readOptions, inputs []pcapfile.Input, filter *readFilter) (*pcapfile.Source, error) {
	src, err := pcapfile.Open(ctx, pcapfile.Config{Inputs: inputs, Follow: o.follow, Stdin: os.Stdin, KeepTimes: o.keepTimes, Anew: o.agentGiven})
	if err != nil {
		return nil, &statusError{exitPartial, err}
	}
	if filter != nil && !o.inner {
		src.SetFilterFunc(filter.compile)
	}
	if o.program == "" {
		return src, nil
	}
	f, err := os.Open(o.program)
	if err != nil {
		return nil, usage(fmt.Errorf("open filter program: %w", err))
	}
	defer f.Close()
	prog, err := pcapfile.ParseProgram(f)
	if err == nil {
		err = src.SetFilter(prog)
	}
	if err != nil {
		return nil, usage(fmt.Errorf("read filter program %s: %w", o.program, err))
	}
	return src, nil
}

// filePoints takes the rules for packets out of --point; the rest names files.
func (o *readOptions) filePoints() []string {
	var files []string
	o.placing.rules = nil
	for _, p := range o.points {
		if point.IsRule(p) {
			o.placing.rules = append(o.placing.rules, p)
		} else {
			files = append(files, p)
		}
	}
	return files
}

// parseInputs turns arguments and --point into inputs.
func parseInputs(args, points []string) ([]pcapfile.Input, error) {
	var in []pcapfile.Input
	bare := ""
	for _, a := range args {
		in = append(in, pcapfile.Input{Paths: []string{a}})
	}
	for _, p := range points {
		name, files, ok := strings.Cut(p, "=")
		if name == "" {
			return nil, fmt.Errorf("--point %q: want NAME or NAME=FILE+FILE", p)
		}
		input := pcapfile.Input{Name: name}
		if ok {
			input.Paths = strings.Split(files, "+")
		} else {
			bare = name
		}
		in = append(in, input)
	}
	if bare != "" && len(in) > 2 {
		return nil, fmt.Errorf("--point %s names one input, but there are several: say which is meant, with --point %s=FILE", bare, bare)
	}
	if len(in) == 0 || bare != "" && len(in) == 1 {
		return nil, errors.New("no capture file given; - is standard input")
	}
	return in, nil
}

// finishRead prints the summary and decides on the exit status.
func finishRead(o *readOptions, p *parts, pipe *pipeline, src *pcapfile.Source, given *shedding, err error) error {
	var mistake *filterError
	if errors.As(err, &mistake) {
		return usage(err)
	}
	faults := src.Faults()
	for _, f := range faults {
		fmt.Fprintf(os.Stderr, "wirespan: %v\n", f)
	}
	sum := pipe.count()
	sum.shedding = given
	if st, e := src.Stats(); e == nil {
		sum.source = st
	}
	sum.exports = p.outs.exportStats()
	if o.summary {
		sum.print(os.Stderr, p)
	}
	switch {
	case err != nil:
		return &statusError{exitPartial, err}
	case len(faults) > 0:
		return &statusError{status: exitPartial}
	case o.strict && sum.lost() > 0:
		return &statusError{exitPartial, fmt.Errorf("%d losses (--strict)", sum.lost())}
	}
	return nil
}
