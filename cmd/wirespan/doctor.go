package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/sink"
)

// doctorOptions are the flags of doctor. Those of live stand behind --, and in
// live's configuration.
type doctorOptions struct {
	length    time.Duration
	noTrial   bool
	json      bool
	protocols bool
	mirror    bool // the run is one of mirror
	ifaces    []string
	netns     string
	procRoot  string
	instance  string // ADDR of --metrics of a running instance

	live     *liveOptions // as live would run with its configuration
	liveErr  error        // its mistakes; then live has the defaults
	liveFile string       // of the configuration
}

// Bounds of --for.
const (
	minTrial = 100 * time.Millisecond
	maxTrial = 10 * time.Minute
)

func newDoctor() *cobra.Command {
	o := &doctorOptions{}
	cmd := &cobra.Command{
		Use:   "doctor [ADDR] [-- FLAGS]",
		Short: "what this host allows, and why a screen is empty",
		Long: `Says what kernel, capabilities, interfaces and limits of this host allow, tries a
short capture on every interface that live would capture on, and says what the
traffic there is like. Nothing is sent on any of them, and nothing is changed.

ADDR is where a running instance serves its metrics (--metrics): then doctor goes
through its layers and names the first one where things stop. Without ADDR the
address is that of live's configuration, if there is one.

Flags behind -- count as given to live: what is judged is that run.

Exit status 0: live can run with these rights. 1: it cannot, or the instance at
ADDR does not answer. 2: usage.`,
		Example: `  wirespan doctor
  wirespan doctor --for 10s -i eth0
  wirespan doctor 9100
  wirespan doctor -- -i eth0 -w /var/lib/wirespan/ring.pcapng
  wirespan doctor --mirror -i eth1 --for 30s
  wirespan doctor --protocols`,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags, args := flagsBehind(cmd, args)
			if len(args) > 1 {
				return usage(fmt.Errorf("doctor: want one ADDR, have %d arguments", len(args)))
			}
			if len(args) == 1 {
				o.instance = args[0]
			}
			return runDoctor(cmd, o, flags)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&o.length, "for", 2*time.Second, "length of the trial capture")
	f.BoolVar(&o.noTrial, "no-trial", false, "do not look at any packet")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.protocols, "protocols", false, "list the protocols that are read, and how deep")
	f.StringArrayVarP(&o.ifaces, "interface", "i", nil, "look at `IF` as live -i would; repeatable (default: all useful)")
	f.BoolVar(&o.mirror, "mirror", false, "judge a run of mirror, whose interfaces -i names, instead of live's")
	f.StringVar(&o.netns, "netns", "", "look into network namespace `NS`: a name, a path or a process id")
	f.StringVar(&o.procRoot, "proc-root", "", "`DIR` where the procfs of the host is mounted")
	return cmd
}

// runDoctor examines and prints.
func runDoctor(cmd *cobra.Command, o *doctorOptions, flags []string) error {
	out := cmd.OutOrStdout()
	if o.protocols {
		return printProtocols(out, protocolList(all.Protos()), o.json)
	}
	if o.length < minTrial || o.length > maxTrial {
		return usage(fmt.Errorf("--for %v: want %v to %v", o.length, minTrial, maxTrial))
	}
	if err := o.readLive(cmd, flags); err != nil {
		return usage(err)
	}
	addr, asked := o.instance, o.instance != ""
	if !asked {
		addr = o.live.metrics
	}
	if addr != "" {
		var err error
		if addr, err = metricsAddr(bareAddr(addr)); err != nil {
			return usage(err)
		}
	}
	r := examine(cmd, o, addr, asked)
	if err := r.write(out, o.json); err != nil {
		return &statusError{exitPartial, err}
	}
	if !r.Live || asked && !r.Instance.Answers {
		return &statusError{status: exitPartial}
	}
	return nil
}

func (r *doctorReport) write(w io.Writer, asJSON bool) error {
	if !asJSON {
		return r.print(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// readLive fills in the options that live would run with. Flags that are wrong
// are an error; a configuration that is wrong is a finding.
func (o *doctorOptions) readLive(cmd *cobra.Command, flags []string) error {
	l, fs, err := o.parseLive(flags)
	if err != nil {
		return err
	}
	o.live = l
	if o.liveFile, err = fillLive(cmd, o.judged(), fs); err != nil {
		o.liveErr = err
		o.live, _, _ = o.parseLive(flags) // what was filled in until then is half of it
	}
	if o.mirror && len(o.live.ifaces) == 0 {
		return errors.New("doctor --mirror: name the mirror interfaces with -i (wirespan mirror -D lists them)")
	}
	if err := o.live.settle(); err != nil {
		if o.liveErr == nil && o.liveFile == "" {
			return err
		}
		o.liveErr = errors.Join(o.liveErr, err)
	}
	return nil
}

// parseLive makes options of live from the flags behind -- and our own.
func (o *doctorOptions) parseLive(flags []string) (*liveOptions, *pflag.FlagSet, error) {
	l := &liveOptions{}
	fs := pflag.NewFlagSet(o.judged(), pflag.ContinueOnError)
	fs.Usage = func() {}
	if o.mirror {
		l.mirror = &mirrorFlags{}
		l.addMirror(fs)
	} else {
		l.addLive(fs)
	}
	if err := fs.Parse(flags); err != nil {
		return nil, nil, fmt.Errorf("behind --: %w", err)
	}
	l.words = fs.Args()
	for name, values := range map[string][]string{"interface": o.ifaces, "netns": one(o.netns), "proc-root": one(o.procRoot)} {
		for _, v := range values {
			if err := fs.Set(name, v); err != nil {
				return nil, nil, err
			}
		}
	}
	return l, fs, nil
}

// bareAddr takes the address out of a URL, as one has it from a scraper.
func bareAddr(s string) string {
	_, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// one is a list of a value, empty without.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// fillLive takes the rest from live's configuration; file is the one that was
// read, "" if there is none.
func fillLive(cmd *cobra.Command, name string, fs *pflag.FlagSet) (file string, err error) {
	st, err := newConfigState(cmd, name)
	if err != nil {
		return "", err
	}
	st.given = st.keys.Given(fs)
	file = st.file
	if _, e := os.Stat(file); e != nil && !st.named {
		file = ""
	}
	if st.settings, err = st.load(); err != nil {
		return file, err
	}
	return file, st.settings.Fill(fs)
}

// examine looks at everything. The instance is asked before and behind the
// trial, so that the two are about the same time.
func examine(cmd *cobra.Command, o *doctorOptions, addr string, asked bool) *doctorReport {
	ctx := cmd.Context()
	host := readHost(os.DirFS("/"), o.live)
	r := &doctorReport{Version: versionString(), Host: host.Name}
	var in *instance
	if addr != "" {
		in = openInstance(ctx, addr)
	}
	ifs := readInterfaces(o.live)
	rings := tryLive(ctx, o.live)
	var trials []trial
	tried := rings.ok() && !o.noTrial
	switch {
	case tried:
		trials = runTrial(ctx, o.live, ifs, o.length, in.filter(o.live))
	case in.answers():
		sink.Sleep(ctx, o.length) // time has to pass between two looks all the same
	}
	r.add(host.kernelSection(&rings), host.sandboxSection(), host.ebpfSection(), tierSection(ctx, o.live), host.goSection(ctx, o.live))
	r.add(host.rightsSection(o.live), rings.section(o.live, o.liveFile, o.liveErr))
	r.addInterfaces(ifs, o.live)
	if o.mirror {
		r.addMirrorPorts(ifs, o.live)
	}
	if tried {
		r.addTrials(trials, ifs, o.length)
		if o.mirror {
			r.addMirrorTrials(trials, ifs)
		}
	}
	r.add(host.limitsSection(o.live), namesSection(o.live))
	r.add(presentModes(cmd.Root().Commands()).section(host, &rings))
	if in != nil {
		in.finish(ctx)
		r.addInstance(in, asked, movedPackets(ifs, readInterfaces(o.live)), trials)
	}
	r.conclude(o.judged(), &rings, o.obstacles(host, &rings))
	return r
}

// obstacles are what keeps live from running.
func (o *doctorOptions) obstacles(h *hostFacts, rings *ringTrial) (list []error) {
	for _, err := range []error{o.liveErr, rings.err, h.admit} {
		if err != nil {
			list = append(list, err)
		}
	}
	for _, d := range h.disk {
		if d.err != nil && d.what != "" {
			list = append(list, fmt.Errorf("%s: %w", d.what, d.err))
		}
	}
	return list
}
