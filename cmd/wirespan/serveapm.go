package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/apm"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// apmFlags say which APMs are asked for spans of a trace whose id was on the wire.
type apmFlags struct {
	sources []string
	tokens  []string
	timeout time.Duration
}

func (a *apmFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&a.sources, "apm", nil, "ask the APM `KIND=URL` for the spans of a trace whose id was on the wire: skywalking, jaeger, jaeger-v3, tempo or zipkin; repeatable")
	f.StringArrayVar(&a.tokens, "apm-token-file", nil, "`KIND=FILE` with the token for --apm of that kind; repeatable")
	f.DurationVar(&a.timeout, "apm-timeout", apm.Default().Timeout, "wait so long for an APM")
}

// open makes the client; nil without sources.
func (a *apmFlags) open() (*apm.Client, error) {
	if len(a.sources) == 0 {
		return nil, nil //nolint:nilnil // nil asks nobody
	}
	c := apm.Default()
	c.Timeout = a.timeout
	names, tokens := map[string]int{}, map[string]string{}
	for _, text := range a.tokens {
		kind, file, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage(fmt.Errorf("--apm-token-file %q: want KIND=FILE", text))
		}
		tokens[kind] = file
	}
	for _, text := range a.sources {
		kind, url, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage(fmt.Errorf("--apm %q: want KIND=URL", kind))
		}
		s := apm.Source{Name: kind, Kind: apm.Kind(kind), URL: url}
		if names[kind]++; names[kind] > 1 {
			s.Name = fmt.Sprintf("%s-%d", kind, names[kind])
		}
		if file := tokens[kind]; file != "" {
			b, err := os.ReadFile(file)
			if err != nil {
				return nil, usage(fmt.Errorf("--apm-token-file: %w", err))
			}
			s.Token = strings.TrimSpace(string(b))
		}
		c.Sources = append(c.Sources, s)
	}
	for kind := range tokens {
		if names[kind] == 0 {
			return nil, usage(fmt.Errorf("--apm-token-file %s: there is no --apm of that kind", kind))
		}
	}
	client, err := apm.New(c)
	if err != nil {
		return nil, usage(errors.Join(errors.New("--apm"), err))
	}
	return client, nil
}

// foreign is what assembly asks APMs by.
type foreign struct{ client *apm.Client }

// Spans meets assemble.Foreign: what a source could not say is a limit of the trace.
func (f foreign) Spans(ctx context.Context, id span.TraceID, have []store.Span) (spans []store.Span, notes []string) {
	spans, reports := f.client.Fetch(ctx, id, apm.Names(have, id)...)
	for _, r := range reports {
		if r.Err != nil || r.Note != "" {
			notes = append(notes, r.String())
		}
	}
	return spans, notes
}
