package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/wirespan/wirespan/tracer/show"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// newPeopleSink makes tree and table, and for no format at all what a person
// wants to see first. each says that output comes as traces end.
func newPeopleSink(o *options, format string, w *outFile, keys *span.Keys) (s sink.Sink, each bool, err error) {
	tty := term.IsTerminal(int(w.f.Fd()))
	c := show.Config{Verbose: o.verbose, ASCII: !utf8Locale(), Whole: !tty}
	if c.Color, err = wantColor(o.color, tty); err != nil {
		return nil, false, err
	}
	if tty {
		if width, _, e := term.GetSize(int(w.f.Fd())); e == nil {
			c.Width = width
		}
	}
	switch {
	case format == "table":
		return show.NewTable(w.w, keys, c), true, nil
	case format == "" && tty && !o.all && !o.live:
		return show.NewAuto(w.w, keys, c), true, nil
	}
	return show.NewTree(w.w, keys, c), true, nil
}

func wantColor(when string, tty bool) (bool, error) {
	switch when {
	case "auto":
		return tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	case "always":
		return true, nil
	case "never":
		return false, nil
	}
	return false, fmt.Errorf("--color %q: want auto, always or never", when)
}

// utf8Locale reports whether the locale prints UTF-8; without one we assume so.
func utf8Locale() bool {
	for _, v := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if l := os.Getenv(v); l != "" {
			l = strings.ToLower(l)
			return strings.Contains(l, "utf-8") || strings.Contains(l, "utf8")
		}
	}
	return true
}
