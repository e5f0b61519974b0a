package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/mirror/dup"
	"github.com/wirespan/wirespan/mirror/point"
)

// pointFlags say how packets get their capture points, and what happens to
// those that one point shows twice.
type pointFlags struct {
	rules      []string // --point NAME=WHAT; of read, --point files are its own
	more       []string // --points
	by         string
	max        int
	duplicates string
	window     time.Duration
	taps       []string
	clock      string
}

// Values of --point-by.
const (
	byInput  = "input"
	byTunnel = "tunnel"
	byVLAN   = "vlan"
	byAuto   = "auto"
)

// byERSPAN is the value of --mirror-clock that is not the default.
const byERSPAN = "erspan"

// add defines what read, live and mirror share. by and duplicates are the
// defaults.
func (o *pointFlags) add(f *pflag.FlagSet, by, duplicates string) {
	f.StringArrayVar(&o.more, "points", nil, "as --point: `NAME=WHAT`; in the configuration file a mapping of names to what they stand for; repeatable")
	f.StringVar(&o.by, "point-by", by, "what packets that no rule names get their points from, `WHAT` input, tunnel (VNI, session, outer source), vlan, or several with commas; auto (read) is what the recording was made with, or input")
	f.IntVar(&o.max, "max-points", point.DefaultMax, "capture points at most; the rest is one point, \"other\"")
	f.StringVar(&o.duplicates, "duplicates", duplicates, "`WHAT` happens to a packet that one capture point shows again: drop or keep; auto (read) is what the recording was made with, or keep")
	f.DurationVar(&o.window, "duplicate-window", dup.DefaultWindow, "time between a packet and its duplicate, at most")
	f.StringVar(&o.clock, "mirror-clock", byAuto, "`WHOSE` time mirrored packets have: arrival, or erspan (stamps of ERSPAN type III); auto is what the recording was made with, or arrival")
	f.StringArrayVar(&o.taps, "tap", nil, "only spans of the capture point `NAME`; repeatable")
}

// addRules defines --point where it takes rules only.
func (o *pointFlags) addRules(f *pflag.FlagSet) {
	f.StringArrayVar(&o.rules, "point", nil, "name a capture point: `NAME=WHAT`, as core=iface:eth1, web=vxlan:7, lab=erspan:3@10.0.0.9; WHAT+WHAT joins; repeatable")
}

// names makes the points of a run; nil: those of the source are all.
func (o *pointFlags) names(report func(string)) (*point.Names, error) {
	c := point.Config{Max: o.max, Report: report}
	var errs []error
	for _, s := range append(slices.Clone(o.rules), o.more...) {
		r, err := point.ParseRule(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--point: %w", err))
			continue
		}
		c.Rules = append(c.Rules, r)
	}
	for _, by := range strings.Split(o.by, ",") {
		switch by {
		case byTunnel:
			c.Tunnels = true
		case byVLAN:
			c.VLANs = true
		case byInput, byAuto, "":
		default:
			errs = append(errs, fmt.Errorf("--point-by %q: want input, tunnel, vlan or auto", o.by))
		}
	}
	if err := errors.Join(append(errs, c.Validate())...); err != nil {
		return nil, err
	}
	if len(c.Rules) == 0 && !c.Tunnels && !c.VLANs {
		return nil, nil
	}
	return point.NewNames(c)
}

// duplicatesConfig is what finds duplicates in a shard; nil: nothing does.
func (o *pointFlags) duplicatesConfig() (*dup.Config, error) {
	switch o.duplicates {
	case "keep", byAuto, "": // none: of a caller without flags
		return nil, nil
	case "drop":
		c := dup.Default()
		c.Window = o.window
		if err := c.Validate(); err != nil {
			return nil, fmt.Errorf("--duplicate-window: %w", err)
		}
		return &c, nil
	}
	return nil, fmt.Errorf("--duplicates %q: want drop or keep", o.duplicates)
}

// check finds faults of the flags.
func (o *pointFlags) check() error {
	_, err1 := o.names(nil)
	_, err2 := o.duplicatesConfig()
	if o.clock != byAuto && o.clock != "arrival" && o.clock != byERSPAN && o.clock != "" {
		err2 = errors.Join(err2, fmt.Errorf("--mirror-clock %q: want arrival or erspan", o.clock))
	}
	return errors.Join(err1, err2)
}

// checkPoint is the rule of the configuration for what names a point.
func checkPoint(v string) error {
	if !strings.Contains(v, "=") || !point.IsRule(v) {
		return nil // of read: a name, or files
	}
	return only(point.ParseRule(v))
}

func checkPointBy(v string) error {
	o := pointFlags{by: v, max: 1}
	return only(o.names(nil))
}
