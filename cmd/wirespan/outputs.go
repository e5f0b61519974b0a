package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/export"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/spill"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// outputs are the sinks that the flags ask for, by form.
type outputs struct {
	forms     []link.Form
	files     []*outFile
	exporters []*otlp.Exporter
	cuts      []*cut
	server    *otlp.Exporter // of --server, one of exporters; nil without
	spill     *spill.Sender  // of --buffer; nil without
	keep      *keep          // of --store and --ui; nil without
	sampler   *sampler       // before all exporters; nil without any
	people    bool           // a tree or table goes to standard output
	// spool makes what writes to a file in a live run; nil when files may wait.
	spool    func(*os.File) *spool
	draining atomic.Pointer[context.Context] // set at the end of a live run
}

// outFile is a file that is written through a buffer.
type outFile struct {
	f     *os.File
	w     *bufio.Writer
	spool *spool // between w and f in a live run, else nil
}

// outBuffer is the size of the buffer of an output file.
const outBuffer = 64 << 10

// create opens the file of an output; "-" is standard output.
func (o *outputs) create(path string) (*outFile, error) {
	f := &outFile{f: os.Stdout}
	if path != "-" {
		var err error
		if f.f, err = os.Create(path); err != nil {
			return nil, fmt.Errorf("open output: %w", err)
		}
	}
	f.w = bufio.NewWriterSize(f.f, outBuffer)
	if o.spool != nil {
		f.spool = o.spool(f.f)
		f.w = bufio.NewWriterSize(f.spool, outBuffer)
	}
	o.files = append(o.files, f)
	return f, nil
}

// fileSink flushes and closes its file after its Sink.
type fileSink struct {
	sink.Sink
	file *outFile
	each bool // flush after every batch, for people who watch
}

func (s *fileSink) WriteSpans(ctx context.Context, spans []span.Span) error {
	if s.file.spool != nil {
		return s.writeLive(ctx, spans)
	}
	err := s.Sink.WriteSpans(ctx, spans)
	if s.each && err == nil {
		err = s.file.w.Flush()
	}
	return err
}

// writeLive never waits for the file: without room the spans are lost, and
// counted.
func (s *fileSink) writeLive(ctx context.Context, spans []span.Span) error {
	if s.file.spool.refuse(len(spans)) {
		return nil
	}
	err := errors.Join(s.Sink.WriteSpans(ctx, spans), s.file.w.Flush())
	s.file.spool.commit(len(spans))
	return err
}

// Flush writes out what is complete, for people who watch a pipe.
func (s *fileSink) Flush() error {
	var err error
	if f, ok := s.Sink.(sink.Flusher); ok {
		err = f.Flush()
	}
	err = errors.Join(err, s.file.w.Flush())
	if s.file.spool != nil {
		s.file.spool.commit(0)
	}
	return err
}

func (s *fileSink) Close(ctx context.Context) error {
	err := errors.Join(s.Sink.Close(ctx), s.file.w.Flush())
	if s.file.spool != nil {
		s.file.spool.close(ctx)
	}
	if s.file.f != os.Stdout {
		err = errors.Join(err, s.file.f.Close())
	}
	return err
}

// outSpec is one --out.
type outSpec struct{ format, path string }

var formats = []string{"tree", "table", "ndjson", "otlp", "otlp-proto", "har", "chrome", "pcapng"}

// parseOut reads FORMAT:PATH; a format alone goes to standard output.
func parseOut(s string) (outSpec, error) {
	format, path, ok := strings.Cut(s, ":")
	if !ok {
		path = "-"
	}
	for _, f := range formats {
		if f == format && path != "" {
			return outSpec{format, path}, nil
		}
	}
	return outSpec{}, fmt.Errorf("--out %q: want FORMAT:PATH with FORMAT one of %s", s, strings.Join(formats, ", "))
}

// openOutputs makes the sinks.
func openOutputs(o *options, keys *span.Keys) (*outputs, error) {
	outs := &outputs{spool: o.spool}
	filePair, exportPair, err := parseSpans(o.spans)
	fileParent, exportParent, err2 := parseParent(o.parent)
	if o.attributes != "all" && o.attributes != "core" {
		err2 = errors.Join(err2, fmt.Errorf("--attributes %q: want all or core", o.attributes))
	}
	var specs []outSpec
	for _, s := range o.out {
		spec, e := parseOut(s)
		err2 = errors.Join(err2, e)
		if e == nil && spec.path == "-" && o.packetsOut {
			err2 = errors.Join(err2, fmt.Errorf("--out %s and -w - exclude each other: both are standard output", s))
		}
		specs = append(specs, spec)
	}
	if err = errors.Join(err, err2); err != nil {
		return nil, usage(err)
	}
	if o.env, err = readOTelEnv(); err != nil {
		return nil, usage(err)
	}
	if len(specs) == 0 && len(o.otlp) == 0 && o.env.target == "" && !o.storesSpans() && !o.packetsOut {
		specs = append(specs, outSpec{"", "-"})
	}
	files, err := outs.openFiles(o, specs, keys)
	if err != nil {
		return nil, err
	}
	exports, err := outs.openExports(o, keys)
	if err != nil {
		return nil, err
	}
	if exports, err = outs.sample(o, exports); err != nil {
		return nil, usage(err)
	}
	stored, err := outs.openServer(o, keys)
	if err != nil {
		return nil, err
	}
	if o.keeping.wanted() {
		if outs.keep, err = o.openKeep(keys); err != nil {
			return nil, err
		}
		stored = append(stored, outs.keep.sink)
	}
	core := o.attributes == "core"
	outs.addForm(files, link.Form{Pair: filePair, Parent: fileParent, Core: core})
	outs.addForm(exports, link.Form{Pair: exportPair, Parent: exportParent, Core: core})
	outs.addForm(stored, link.Form{Facts: true})
	for _, c := range outs.cuts { // whatever the others leave out
		outs.addForm([]sink.Sink{c}, link.Form{Parent: fileParent})
	}
	if len(outs.forms) == 0 {
		outs.forms = []link.Form{{Sink: sink.Tee()}}
	}
	return outs, nil
}

func (o *outputs) addForm(s []sink.Sink, f link.Form) {
	if len(s) > 0 {
		f.Sink = sink.Tee(s...)
		o.forms = append(o.forms, f)
	}
}

func parseSpans(s string) (file, export bool, err error) {
	switch s {
	case "":
		return false, true, nil
	case "single":
		return false, false, nil
	case "pair":
		return true, true, nil
	}
	return false, false, fmt.Errorf("--spans %q: want single or pair", s)
}

func parseParent(s string) (file, export link.ParentMode, err error) {
	switch s {
	case "auto":
		return link.ParentOwn, link.ParentAuto, nil
	case "own":
		return link.ParentOwn, link.ParentOwn, nil
	case "wire":
		return link.ParentWire, link.ParentWire, nil
	}
	return 0, 0, fmt.Errorf("--parent %q: want auto, own or wire", s)
}

// openFiles makes the sinks of --out.
func (o *outputs) openFiles(opt *options, specs []outSpec, keys *span.Keys) ([]sink.Sink, error) {
	var list []sink.Sink
	for _, spec := range specs {
		if spec.format == "pcapng" {
			o.cuts = append(o.cuts, newCut(spec.path))
			continue
		}
		f, err := o.create(spec.path)
		if err != nil {
			return nil, err
		}
		s, each, err := newFileSink(opt, spec.format, f, keys)
		if err != nil {
			return nil, usage(err)
		}
		if each && f.f == os.Stdout {
			o.people = true
		}
		list = append(list, &fileSink{Sink: s, file: f, each: each})
	}
	return list, nil
}

// otlpConfig describes this instance to OTLP readers.
func otlpConfig(opt *options) otlp.Config {
	c := otlp.Default()
	c.Version = versionString()
	c.SpansPerLine = opt.spansPerLn
	if !opt.severalAgents {
		c.Resource = []otlp.Attribute{{Key: identity.Agent, Value: opt.agent}}
	}
	return c
}

// newFileSink makes the sink of one format on a file; each says that people
// read it as it comes.
func newFileSink(opt *options, format string, w *outFile, keys *span.Keys) (s sink.Sink, each bool, err error) {
	switch format {
	case "otlp":
		s, err = otlp.NewFile(w.w, otlp.JSONLines, keys, otlpConfig(opt))
	case "otlp-proto":
		s, err = otlp.NewFile(w.w, otlp.Delimited, keys, otlpConfig(opt))
	case "ndjson":
		s = export.NewNDJSON(w.w, keys)
	case "har":
		s = export.NewHAR(w.w, keys, versionString())
	case "chrome":
		s = export.NewChrome(w.w, keys)
	default:
		return newPeopleSink(opt, format, w, keys)
	}
	return s, false, err
}
