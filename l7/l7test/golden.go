package l7test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
)

// update must be known to the flag package before tests start.
var update = flag.Bool("update", false, "rewrite the golden files")

// Golden plays every session and capture of a directory and compares the
// messages with <case>.golden.json. With -update the files are rewritten.
func Golden(t *testing.T, p l7.Proto, dir string) {
	t.Helper()
	n := 0
	for _, pattern := range []string{"*.txt", "*.pcap", "*.pcapng"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			r, err := playFile(file, p)
			if err != nil {
				t.Fatal(err)
			}
			if r == nil {
				continue
			}
			n++
			name := filepath.Base(file)
			name = name[:len(name)-len(filepath.Ext(name))]
			t.Run(name, func(t *testing.T) { golden(t, filepath.Join(dir, name+".golden.json"), r) })
		}
	}
	if n == 0 {
		t.Errorf("%s: no case for the transport of %s", dir, p.Name)
	}
}

// playFile plays a session or capture; nil if the transport is not that of p.
func playFile(file string, p l7.Proto) (*Result, error) {
	if filepath.Ext(file) != ".txt" {
		return PlayCapture(file, p)
	}
	s, err := Load(file)
	if err != nil || !s.fits(p) {
		return nil, err
	}
	return Play(s, p), nil
}

func golden(t *testing.T, file string, r *Result) {
	t.Helper()
	for _, f := range r.Faults {
		t.Error(f)
	}
	got := r.JSON()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("messages differ from %s (-want +got):\n%s", file, diff)
	}
}
