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
// Tokens and headers belong to an APM by its name: its kind, and of further ones of a
// kind tempo-2, tempo-3, in the order of --apm.
type apmFlags struct {
	sources []string
	tokens  []string
	headers []string
	ca      string
	timeout time.Duration
}

func (a *apmFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&a.sources, "apm", nil, "ask the APM `KIND=URL` for the spans of a trace whose id was on the wire: skywalking, jaeger, jaeger-v3, tempo or zipkin; repeatable")
	f.StringArrayVar(&a.tokens, "apm-token-file", nil, "`NAME=FILE` with the bearer token for the --apm of that name: its kind, of a second one tempo-2; repeatable")
	f.StringArrayVar(&a.headers, "apm-header", nil, "`NAME=HEADER: VALUE` of every request to the --apm of that name; repeatable")
	f.StringVar(&a.ca, "apm-ca", "", "trust the authorities in `FILE` (PEM) for --apm over https, and no others")
	f.DurationVar(&a.timeout, "apm-timeout", apm.Default().Timeout, "wait so long for an APM")
}

// open makes the client; nil without sources.
func (a *apmFlags) open() (*apm.Client, error) {
	c, err := a.config()
	if err != nil {
		return nil, usage(err)
	}
	if len(c.Sources) == 0 {
		return nil, nil //nolint:nilnil // nil asks nobody
	}
	client, err := apm.New(c)
	if err != nil {
		return nil, usage(errors.Join(errors.New("--apm"), err))
	}
	return client, nil
}

// config reads the flags and the files that they name. Its errors repeat no value that
// may be secret.
func (a *apmFlags) config() (apm.Config, error) {
	c := apm.Default()
	c.Timeout = a.timeout
	secure, err := readTLS(pemFile{"--apm-ca", a.ca}, pemFile{}, pemFile{})
	errs := []error{err}
	at := map[string]int{}
	kinds := map[string]int{}
	for _, text := range a.sources {
		kind, url, ok := strings.Cut(text, "=")
		if !ok || strings.Contains(kind, "://") { // a URL may have a password
			errs = append(errs, errors.New("--apm: want KIND=URL"))
			continue
		}
		s := apm.Source{Name: kind, Kind: apm.Kind(kind), URL: url, TLS: secure}
		if kinds[kind]++; kinds[kind] > 1 {
			s.Name = fmt.Sprintf("%s-%d", kind, kinds[kind])
		}
		at[s.Name] = len(c.Sources)
		c.Sources = append(c.Sources, s)
	}
	for _, text := range a.tokens {
		errs = append(errs, ofAPM("--apm-token-file", "NAME=FILE", text, at, func(i int, file string) error {
			b, err := os.ReadFile(file)
			c.Sources[i].Token = strings.TrimSpace(string(b))
			if err == nil && c.Sources[i].Token == "" {
				err = fmt.Errorf("%s is empty", file)
			}
			return err
		}))
	}
	for _, text := range a.headers {
		errs = append(errs, ofAPM("--apm-header", "NAME=HEADER: VALUE", text, at, func(i int, header string) error {
			return addHeader(&c.Sources[i], header)
		}))
	}
	return c, errors.Join(errs...)
}

// ofAPM finds the source that a setting is for, and applies it.
func ofAPM(flag, want, text string, at map[string]int, apply func(i int, value string) error) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || value == "" {
		return fmt.Errorf("%s: want %s", flag, want)
	}
	i, ok := at[name]
	if !ok {
		return fmt.Errorf("%s %s: there is no --apm of that name", flag, name)
	}
	if err := apply(i, value); err != nil {
		return fmt.Errorf("%s %s: %w", flag, name, err)
	}
	return nil
}

// addHeader reads "HEADER: VALUE".
func addHeader(s *apm.Source, text string) error {
	name, value, ok := strings.Cut(text, ":")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return errors.New("want HEADER: VALUE")
	}
	if s.Headers == nil {
		s.Headers = map[string]string{}
	}
	s.Headers[name] = strings.TrimSpace(value)
	return nil
}

// checkAPMHeader is what can be said of --apm-header alone.
func checkAPMHeader(v string) error {
	_, header, ok := strings.Cut(v, "=")
	if !ok {
		return errors.New("want NAME=HEADER: VALUE")
	}
	return addHeader(&apm.Source{}, header)
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
