package l7test

import (
	"bytes"
	"fmt"

	"github.com/wirespan/wirespan/l7"
)

// watch wraps a protocol so that what its parser does wrong is written down.
func watch(p l7.Proto) (l7.Proto, *[]string) {
	faults := &[]string{}
	newParser, detect := p.New, p.Detect
	p.New = func(o l7.Options) l7.Parser {
		return &watcher{inner: newParser(o), faults: faults}
	}
	p.Detect = func(dir l7.Dir, b []byte) l7.Verdict {
		before := bytes.Clone(b)
		v := detect(dir, b)
		if !bytes.Equal(before, b) {
			*faults = append(*faults, "Detect wrote to its input")
		}
		if v > l7.Yes {
			*faults = append(*faults, fmt.Sprintf("Detect said %d", v))
		}
		return v
	}
	return p, faults
}

type watcher struct {
	inner  l7.Parser
	faults *[]string
}

func (w *watcher) fault(format string, args ...any) {
	*w.faults = append(*w.faults, fmt.Sprintf(format, args...))
}

func (w *watcher) unchanged(what string, before, b []byte) {
	if !bytes.Equal(before, b) {
		w.fault("%s wrote to its input", what)
	}
}

func (w *watcher) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	before := bytes.Clone(b)
	s, err := w.inner.Parse(dir, b, out)
	w.unchanged("Parse", before, b)
	switch {
	case s.Consumed < 0 || s.Consumed > len(b) || s.Skip < 0 || s.Need < 0:
		w.fault("Parse of %d bytes returned %+v", len(b), s)
	case s.Skip > l7.SkipAll:
		w.fault("Parse skips %d, more than SkipAll", s.Skip)
	case s.Need > 0 && s.Consumed == 0 && s.Skip == 0 && s.Need <= len(b):
		w.fault("Parse asks for %d bytes and has %d", s.Need, len(b))
	}
	if err != nil && err != l7.ErrNotMine && err != l7.ErrDesync && err != l7.ErrOpaque && err != l7.ErrSwitch {
		w.fault("Parse returned another error: %v", err)
	}
	return s, err
}

func (w *watcher) Gap(dir l7.Dir, lost int64) bool { return w.inner.Gap(dir, lost) }

func (w *watcher) Resync(dir l7.Dir, b []byte) (int, bool) {
	before := bytes.Clone(b)
	off, ok := w.inner.Resync(dir, b)
	w.unchanged("Resync", before, b)
	if off < 0 || off > len(b) || ok && off == len(b) && len(b) > 0 {
		w.fault("Resync in %d bytes returned %d, %v", len(b), off, ok)
	}
	return off, ok
}

func (w *watcher) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	before := bytes.Clone(b)
	w.inner.Cut(dir, b, out)
	w.unchanged("Cut", before, b)
}

func (w *watcher) End(dir l7.Dir, b []byte, out *l7.Emitter) {
	before := bytes.Clone(b)
	w.inner.End(dir, b, out)
	w.unchanged("End", before, b)
}

func (w *watcher) Finish(out *l7.Emitter) { w.inner.Finish(out) }
