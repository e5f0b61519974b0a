package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPrecedence tries every set of sources: the strongest one wins, and the
// values that it overrides are known.
func TestPrecedence(t *testing.T) {
	keys := keysOf(t)
	for set := range 1 << 4 {
		var src Sources
		want, place := "32MiB", "default"
		f := new(rig).flags("")
		if set&1 != 0 {
			src.File = fileOf(t, "# first\nlink:\n  memory: 1MiB\n")
			want, place = "1MiB", src.File+":3:3"
		}
		if set&2 != 0 {
			src.Standard = func() ([]Standard, error) {
				return []Standard{{"link-memory", []string{"2MiB"}, "OTEL_X"}, {"nobody", []string{"1"}, "OTEL_Y"}}, nil
			}
			want, place = "2MiB", "OTEL_X"
		}
		if set&4 != 0 {
			src.Environ = environ("PATH=/bin", "WIRESPAN_LINK_MEMORY=4MiB")
			want, place = "4MiB", "WIRESPAN_LINK_MEMORY"
		}
		if set&8 != 0 {
			if err := f.Parse([]string{"--link-memory=8MiB"}); err != nil {
				t.Fatal(err)
			}
			src.Flags = keys.Given(f)
			want, place = "8MiB", "--link-memory"
		}
		s, err := keys.Load(src)
		if err != nil {
			t.Fatal(err)
		}
		k := keys.Flag("link-memory")
		if v := s.Of(k, "read"); v.Items[0] != want || v.Place != place {
			t.Errorf("sources %04b: %v from %s, want %s from %s", set, v.Items, v.Place, want, place)
		}
		if n := len(s.Over(k)); n != max(0, ones(set)-1) {
			t.Errorf("sources %04b: %d overridden", set, n)
		}
		if err := s.Fill(f); err != nil {
			t.Fatal(err)
		}
		if fl := f.Lookup("link-memory"); fl.Value.String() != want || fl.Changed != (set != 0) {
			t.Errorf("sources %04b: flag is %s, changed %v, want %s", set, fl.Value, fl.Changed, want)
		}
	}
}

func ones(n int) (c int) {
	for ; n > 0; n >>= 1 {
		c += n & 1
	}
	return c
}

// TestFill writes every kind of value into flags.
func TestFill(t *testing.T) {
	keys := keysOf(t)
	var r rig
	f := r.flags("offline")
	if err := f.Parse([]string{"--name=192.0.2.9=given"}); err != nil {
		t.Fatal(err)
	}
	s, err := keys.Load(Sources{
		File:    fileOf(t, "otlp: [http://a, http://b]\notlp.gzip: true\nworkers: 3\nname: {192.0.2.1: web}\nquiet: 2s\n"),
		Environ: environ("WIRESPAN_OTLP_HEADER=a=1, b=2", "WIRESPAN_QUIET=250ms", "WIRESPAN_AGENT="),
		Flags:   keys.Given(f),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Fill(f); err != nil {
		t.Fatal(err)
	}
	want := rig{
		memory: "32MiB", otlp: []string{"http://a", "http://b"}, gzip: true, headers: []string{"a=1", "b=2"},
		names: []string{"192.0.2.9=given"}, workers: 3, agent: "offline",
	}
	if d := cmp.Diff(want, r, cmp.AllowUnexported(rig{})); d != "" {
		t.Error(d)
	}
	if q := f.Lookup("quiet").Value.String(); q != "250ms" {
		t.Errorf("quiet is %s", q)
	}
}

func TestEnvironment(t *testing.T) {
	keys := keysOf(t)
	for _, c := range []struct {
		name, variable string
		want           []string // of --otlp
		err, warn      string
	}{
		{name: "a list", variable: "WIRESPAN_OTLP=a, b,,c", want: []string{"a", "b", "c"}},
		{name: "commas in brackets", variable: `WIRESPAN_OTLP=["a,b", c]`, want: []string{"a,b", "c"}},
		{name: "brackets that are none", variable: "WIRESPAN_OTLP=[a", want: []string{"[a"}},
		{name: "empty", variable: "WIRESPAN_OTLP="},
		{name: "a wrong value", variable: "WIRESPAN_WORKERS=x", err: `WIRESPAN_WORKERS: "x": want a whole number`},
		{name: "a slip", variable: "WIRESPAN_LINK_MEMROY=1", warn: "WIRESPAN_LINK_MEMROY: unknown variable, did you mean WIRESPAN_LINK_MEMORY?"},
		{name: "of Kubernetes", variable: "WIRESPAN_PORT_4317_TCP_ADDR=10.0.0.1"},
		{name: "the file itself", variable: FileVariable + "=x.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := keys.Load(Sources{Environ: environ(c.variable)})
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("have %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, s.Of(keys.Flag("otlp"), "read").Items); d != "" && len(c.want) > 0 {
				t.Error(d)
			}
			if w := strings.Join(s.Warnings, "\n"); w != c.warn {
				t.Errorf("warning %q", w)
			}
		})
	}
}

func TestFile(t *testing.T) {
	keys := keysOf(t)
	if _, err := keys.Load(Sources{File: filepath.Join(t.TempDir(), "none")}); err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := keys.Load(Sources{File: t.TempDir()}); err == nil {
		t.Error("a folder is taken")
	}
	if _, err := keys.Load(Sources{File: "/dev/zero"}); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a file without end: %v", err)
	}
}

// TestAllFaults wants the faults of all sources in one error.
func TestAllFaults(t *testing.T) {
	_, err := keysOf(t).Load(Sources{
		File:     fileOf(t, "nothing: 1\n"),
		Environ:  environ("WIRESPAN_WORKERS=x"),
		Standard: func() ([]Standard, error) { return nil, fmt.Errorf("OTEL_Z: no") },
	})
	for _, want := range []string{"w.yaml:1:1: nothing", "WIRESPAN_WORKERS", "OTEL_Z"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in %v", want, err)
		}
	}
}

// TestChanges compares what commands run with, not where it is said.
func TestChanges(t *testing.T) {
	keys := keysOf(t)
	load := func(text string) *Settings {
		s, err := keys.Load(Sources{File: fileOf(t, text)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := load("agent: host\nworkers: 2\nredact: off\n"), load("\nworkers: 3\nlink.memory: 32MiB\n")
	names := func(command string) (list []string) {
		for _, k := range a.Changes(b, command) {
			list = append(list, k.Name)
		}
		return list
	}
	if d := cmp.Diff([]string{"redact", "workers"}, names("live")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"agent", "redact", "workers"}, names("read")); d != "" {
		t.Error(d)
	}
	m := a.With(b, []*Key{keys.Flag("redact")})
	if v := m.Of(keys.Flag("redact"), "live"); v.Items[0] != "on" {
		t.Errorf("redact is %v", v.Items)
	}
	if v := m.Of(keys.Flag("workers"), "live"); v.Items[0] != "2" {
		t.Errorf("workers is %v", v.Items)
	}
}
