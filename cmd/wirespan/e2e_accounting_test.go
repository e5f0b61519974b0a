package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

// inside runs the pipeline over captures and returns its counters; nil if the
// files are no captures.
func inside(t *testing.T, files ...string) *summary {
	t.Helper()
	o := &readOptions{}
	flags := pflag.NewFlagSet("read", pflag.ContinueOnError)
	o.add(flags)
	if err := flags.Parse([]string{"--out", "ndjson:" + os.DevNull}); err != nil {
		t.Fatal(err)
	}
	inputs, err := parseInputs(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	src, err := openSource(t.Context(), o, inputs, nil)
	if err != nil {
		return nil
	}
	defer src.Close()
	p, err := compose(&o.options)
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := p.newPipelineOn(src)
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := pipe.count()
	if s.source, err = src.Stats(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPayloadIsAccounted holds that no byte disappears between the rooms: what
// packets carry is delivered, seen before, cut or refused; what is delivered is
// parsed, skipped as a body or discarded for a reason; every exchange that was
// opened becomes a span.
func TestPayloadIsAccounted(t *testing.T) {
	t.Parallel()
	var files []string
	for _, g := range []string{goldenDir + "/*.pcap", demoDir + "/*.pcap"} {
		m, _ := filepath.Glob(g)
		files = append(files, m...)
	}
	for _, folder := range []string{"http1", "dns", "chain", "tcp", "encapsulation", "ip-fragments", "formats", "malformed", "tls", "redis"} {
		m, _ := filepath.Glob(filepath.Join(sharedDir, "captures", folder, "*.pcap*"))
		files = append(files, m...)
	}
	each(files, func(f string) {
		s := inside(t, f)
		if s == nil {
			return
		}
		var decoded uint64
		for _, n := range s.decode {
			decoded += n
		}
		if decoded != s.source.Packets-s.source.Filtered {
			t.Errorf("%s: %d packets, %d with a decode reason", f, s.source.Packets, decoded)
		}
		fl, e := &s.flows, &s.engine
		if got := fl.Delivered + fl.Duplicate + fl.Truncated + fl.Discarded + fl.Buffered; got != fl.Payload || fl.Buffered != 0 {
			t.Errorf("%s: payload of %d bytes, accounted %d: %+v", f, fl.Payload, got, fl)
		}
		if e.Seen != fl.Delivered {
			t.Errorf("%s: %d bytes delivered, %d seen by the parsers' engine", f, fl.Delivered, e.Seen)
		}
		if e.Accounted() != e.Seen || e.Held != 0 {
			t.Errorf("%s: %d bytes seen, %d accounted, %d still held", f, e.Seen, e.Accounted(), e.Held)
		}
		var closed uint64
		for _, n := range fl.Closed {
			closed += n
		}
		if closed != fl.Opened || fl.Conns != 0 {
			t.Errorf("%s: %d connections opened, %d closed, %d left", f, fl.Opened, closed, fl.Conns)
		}
		if s.join.Exchanges != s.link.Spans || s.link.Strays != 0 {
			t.Errorf("%s: %d exchanges, %d spans, %d records without exchange", f, s.join.Exchanges, s.link.Spans, s.link.Strays)
		}
	})
}
