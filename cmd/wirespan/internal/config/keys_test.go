package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ flag, key, variable string }{
		{"workers", "workers", "WIRESPAN_WORKERS"},
		{"link-memory", "link.memory", "WIRESPAN_LINK_MEMORY"},
		{"drop-empty-acks", "drop.empty-acks", "WIRESPAN_DROP_EMPTY_ACKS"},
	} {
		if k := KeyOf(c.flag); k != c.key || FlagOf(k) != c.flag {
			t.Errorf("%s: key %s, back %s", c.flag, k, FlagOf(k))
		}
		if v := VariableOf(c.flag); v != c.variable || flagOfVariable(v) != c.flag {
			t.Errorf("%s: variable %s, back %s", c.flag, v, flagOfVariable(v))
		}
	}
}

func TestCollectRefuses(t *testing.T) {
	set := func(add func(*pflag.FlagSet)) *pflag.FlagSet {
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		add(f)
		return f
	}
	_, err := Collect([]Command{
		{"a", set(func(f *pflag.FlagSet) { f.Int("same", 0, "") })},
		{"b", set(func(f *pflag.FlagSet) { f.String("same", "", "") })},
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "--same: is int in a and string in b") {
		t.Errorf("two types: %v", err)
	}
	_, err = Collect([]Command{{"a", set(func(f *pflag.FlagSet) { f.Int("otlp", 0, ""); f.Int("otlp-value", 0, "") })}}, nil)
	if err == nil || !strings.Contains(err.Error(), "--otlp-value") {
		t.Errorf("a flag that looks like a section's own value: %v", err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"link.memory", "workers", "where", "id"}
	for word, want := range map[string]string{
		"link.memroy": "link.memory", "worker": "workers", "whree": "where", "zebra": "", "ix": "", "": "",
		strings.Repeat("x", 1000): "", "link-memory": "link.memory",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	secret := &Key{Rule: Rule{Secret: true}}
	for in, want := range map[string]string{"authorization=Bearer x": "authorization=REDACTED", "x": "REDACTED", "": ""} {
		if got := secret.mask(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	open := &Key{}
	for in, want := range map[string]string{
		"http://h:4318/v1/traces":                  "http://h:4318/v1/traces",
		"grpcs://user:pw@h:4317":                   "grpcs://user:REDACTED@h:4317",
		"https://token@h/x@y":                      "https://REDACTED@h/x@y",
		"clickhouse://h/db?username=u&password=pw": "clickhouse://h/db?username=u&password=REDACTED",
		"path ~ a@b":                               "path ~ a@b",
	} {
		if got := open.mask(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestPrint wants YAML that says the same when it is read again.
func TestPrint(t *testing.T) {
	keys := keysOf(t)
	text := "agent: \"on: #x\"\nlink.memory: '12'\nname: [192.0.2.1=web, '192.0.2.2=a b']\nworkers: 2\notlp.gzip: true\n"
	a, err := keys.Load(Sources{File: fileOf(t, text), Environ: environ("WIRESPAN_QUIET=3s", `WIRESPAN_OTLP=http://u:p@h`, "WIRESPAN_OTLP_HEADER=a=hush")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Comments{OnChanged, OnSources, OnMeaning} {
		var out strings.Builder
		if err := a.Print(&out, "read", c); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "hush") || strings.Contains(out.String(), "u:p@") {
			t.Errorf("a secret is shown:\n%s", &out)
		}
		b, err := keys.Load(Sources{File: fileOf(t, out.String())})
		if err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		for _, k := range a.Changes(b, "read") {
			if k.Flag != "otlp" && k.Flag != "otlp-header" { // masked
				t.Errorf("%s: %q, read again %q", k.Name, a.Of(k, "read").Items, b.Of(k, "read").Items)
			}
		}
	}
	var out strings.Builder
	if err := a.Print(&out, "read", OnSources); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"quiet: 3s  # WIRESPAN_QUIET\n", "redact: on  # default\n", "workers: 2  # " + a.File + ":4:1\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestSchema wants every key in the schema, in both of its forms.
func TestSchema(t *testing.T) {
	keys := keysOf(t)
	b, err := keys.Schema("x")
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties map[string]struct {
			Properties map[string]any
			AnyOf      []struct{ Properties map[string]any }
			Default    any
		}
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys.All() {
		if _, ok := s.Properties[k.Name]; !ok {
			t.Errorf("%s is missing", k.Name)
		}
		if section := k.Section(); section != "" {
			rest := strings.TrimPrefix(k.Name, section+".")
			in := s.Properties[section]
			nested := in.Properties
			for _, a := range in.AnyOf {
				if a.Properties != nil {
					nested = a.Properties
				}
			}
			if nested[rest] == nil {
				t.Errorf("%s is missing in its section", k.Name)
			}
		}
	}
	if d := cmp.Diff(float64(0), s.Properties["workers"].Default); d != "" {
		t.Error(d)
	}
}
