package main

import (
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/redact"
)

// retune prepares the change of what the rooms look up while they run:
// redaction, ID rules, names and the share of traces that is exported. The
// error leaves everything as it is. The returned function makes the change; the
// pipeline must stand still meanwhile, because the rooms read these tables
// without a lock. Connections and requests under way stay; what they have
// redacted or recognised is not done again.
func (p *parts) retune(o *options, l *link.Linker, c *configChange) (change func(), err error) {
	var steps []func()
	var errs []error
	for _, prepare := range []struct {
		flags []string
		step  func() (func(), error)
	}{
		{[]string{"redact", "redact-name"}, func() (func(), error) { return p.changeRedaction(o) }},
		{[]string{"request-id"}, func() (func(), error) { return p.changeIDs(o) }},
		{[]string{"name", "names"}, func() (func(), error) { return p.changeNames(o, l) }},
		{[]string{"sample-ratio"}, func() (func(), error) { return p.changeSampling(o) }},
	} {
		if c.has(prepare.flags...) {
			step, err := prepare.step()
			steps, errs = append(steps, step), append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return func() {
		for _, step := range steps {
			step()
		}
	}, nil
}

func (p *parts) changeRedaction(o *options) (func(), error) {
	rc, err := redactConfig(o)
	if err != nil {
		return nil, err
	}
	return func() { p.cfg.rooms.join.Redact.Set(rc) }, nil
}

// redactConfig reads the flags of redaction.
func redactConfig(o *options) (redact.Config, error) {
	c := redact.Config{Off: o.redact == "off", MoreNames: o.redactNames}
	err := c.Validate()
	if o.redact != "on" && o.redact != "off" {
		err = errors.Join(err, fmt.Errorf("--redact %q: want on or off", o.redact))
	}
	return c, err
}

// changeIDs replaces what is in the matcher: every parser holds on to it.
func (p *parts) changeIDs(o *options) (func(), error) {
	next, err := idMatcher(o.requestIDs)
	if err != nil {
		return nil, err
	}
	m, ok := p.cfg.rooms.engine.Options.IDs.(*ids.Matcher)
	if !ok {
		return nil, errors.New("request IDs cannot be changed while the program runs")
	}
	return func() { *m = *next }, nil
}

func (p *parts) changeNames(o *options, l *link.Linker) (func(), error) {
	m, err := readNames(o.names, o.nameFiles)
	if err != nil {
		return nil, err
	}
	if p.ids == nil {
		return nil, errors.New("names cannot be changed: the run began without any")
	}
	return func() {
		p.ids.tagger.SetNames(m)
		l.AskAgain()
	}, nil
}

func (p *parts) changeSampling(o *options) (func(), error) {
	if !(o.sampleRatio >= 0 && o.sampleRatio <= 1) {
		return nil, fmt.Errorf("--sample-ratio %v: want a number from 0 to 1", o.sampleRatio)
	}
	return func() {
		if p.outs.sampler != nil {
			p.outs.sampler.setRatio(o.sampleRatio)
		}
	}, nil
}
