package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// statusLine is the line at the bottom of the terminal that says how a live run
// goes. What else is printed on the terminal makes room for it. Its methods may
// be called from any goroutine.
type statusLine struct {
	w    *os.File
	on   bool
	quit chan struct{}
	done chan struct{}

	mu    sync.Mutex
	shown string
}

// newStatusLine decides whether there is a line: on a terminal, unless told
// otherwise.
func newStatusLine(w *os.File, when string) *statusLine {
	on := when == "always" || when == "auto" && term.IsTerminal(int(w.Fd()))
	return &statusLine{w: w, on: on}
}

// around returns what writes to f go through, so that lines of a terminal that
// the status shares do not mix. nil if nothing is needed.
func (s *statusLine) around(f *os.File) func(write func()) {
	if !s.on || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func(write func()) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clear()
		write()
		s.draw()
	}
}

// print writes a line of its own.
func (s *statusLine) print(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	fmt.Fprintln(s.w, line)
	s.draw()
}

// warn prints an error.
func (s *statusLine) warn(err error) { s.print("wirespan: " + err.Error()) }

// start draws the line once a second.
func (s *statusLine) start(src *liveSource, c *liveCounts) {
	if !s.on {
		return
	}
	s.quit, s.done = make(chan struct{}), make(chan struct{})
	go s.run(src, c)
}

func (s *statusLine) run(src *liveSource, c *liveCounts) {
	defer close(s.done)
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var r rates
	r.at = time.Now()
	for {
		select {
		case <-s.quit:
			return
		case now := <-t.C:
			st := src.stats()
			line := r.line(now, st.Packets, c.spans.Load(), st.Drops)
			s.mu.Lock()
			s.clear()
			s.shown = line
			s.draw()
			s.mu.Unlock()
		}
	}
}

// stop takes the line away.
func (s *statusLine) stop() {
	if s.quit == nil {
		return
	}
	close(s.quit)
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.shown = ""
}

func (s *statusLine) clear() {
	if s.shown != "" {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

func (s *statusLine) draw() {
	if s.shown == "" {
		return
	}
	line := s.shown
	if width, _, err := term.GetSize(int(s.w.Fd())); err == nil && width > 1 && len(line) >= width {
		line = line[:width-1]
	}
	_, _ = io.WriteString(s.w, line)
}

// rates turns counts into rates.
type rates struct {
	at             time.Time
	packets, spans uint64
}

// line is what the status says at a moment; the counts are those since the
// start.
func (r *rates) line(now time.Time, packets, spans, drops uint64) string {
	d := now.Sub(r.at).Seconds()
	if d <= 0 {
		d = 1
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%.0f spans/s, %.0f packets/s; %d spans of %d packets",
		float64(spans-r.spans)/d, float64(packets-r.packets)/d, spans, packets)
	if drops > 0 {
		fmt.Fprintf(&b, ", %d dropped by kernel", drops)
	}
	r.at, r.packets, r.spans = now, packets, spans
	return b.String()
}
