package main

import (
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/redact"
)

// What rooms offer whose tables can change while they run.
type (
	redactionSetter interface{ Set(c redact.Config) }
	nameSetter      interface {
		SetNames(names map[[16]byte]string)
	}
)

// retune prepares the change of what the rooms look up while they run:
// redaction, ID rules, names and the share of traces that is exported. The
// error leaves everything as it is. The returned function makes the change; the
// pipeline must stand still meanwhile, because the rooms read these tables
// without a lock. Connections and requests under way stay; what they have
// redacted or recognised is not done again.
func (p *parts) retune(o *options, l *link.Linker) (change func(), err error) {
	rc := redact.Config{Off: o.redact == "off", MoreNames: o.redactNames}
	errs := []error{rc.Validate()}
	if o.redact != "on" && o.redact != "off" {
		errs = append(errs, fmt.Errorf("--redact %q: want on or off", o.redact))
	}
	if !(o.sampleRatio >= 0 && o.sampleRatio <= 1) {
		errs = append(errs, fmt.Errorf("--sample-ratio %v: want a number from 0 to 1", o.sampleRatio))
	}
	matcher, err := ids.New(withRequestIDs(o.requestIDs))
	errs = append(errs, err)
	names, err := parseNames(o.names)
	errs = append(errs, err)
	have, ok := p.cfg.rooms.engine.Options.IDs.(*ids.Matcher)
	if !ok {
		errs = append(errs, errors.New("the ID rules cannot be changed"))
	}
	redactor, ok := any(p.cfg.rooms.join.Redact).(redactionSetter)
	if !ok {
		errs = append(errs, errors.New("redaction cannot be changed"))
	}
	linker, ok := any(l).(nameSetter)
	if !ok {
		errs = append(errs, errors.New("names cannot be changed"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return func() {
		redactor.Set(rc)
		*have = *matcher
		linker.SetNames(names)
		if p.outs.sampler != nil {
			p.outs.sampler.setRatio(o.sampleRatio)
		}
	}, nil
}
