package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStatusRates(t *testing.T) {
	t.Parallel()
	at := time.Unix(1e9, 0)
	r := rates{at: at}
	if got := r.line(at.Add(2*time.Second), 3000, 500, 0); got != "250 spans/s, 1500 packets/s; 500 spans of 3000 packets" {
		t.Error(got)
	}
	if got := r.line(at.Add(3*time.Second), 3100, 500, 7); got != "0 spans/s, 100 packets/s; 500 spans of 3100 packets, 7 dropped by kernel" {
		t.Error(got)
	}
}

// TestStatusLine holds that what is printed makes the line go and come back,
// and that it is gone at the end.
func TestStatusLine(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "err"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := newStatusLine(f, "always")
	s.print("first")
	s.shown = "12 spans/s"
	s.draw()
	s.print("second")
	s.quit, s.done = make(chan struct{}), make(chan struct{})
	close(s.done)
	s.stop()
	const gone = "\r\x1b[K"
	if got, want := string(readFile(t, f.Name())), "first\n12 spans/s"+gone+"second\n12 spans/s"+gone; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	quiet := newStatusLine(f, "auto") // not a terminal
	quiet.start(nil, nil)
	quiet.stop()
	if quiet.around(f) != nil || strings.Count(string(readFile(t, f.Name())), gone) != 2 {
		t.Error("a line without a terminal")
	}
}
