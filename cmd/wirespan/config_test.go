package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
)

const (
	configManual = "../../docs/configuration.md"
	configMark   = "<!-- What follows is written by make generate. -->\n"
)

// TestConfigKeys walks all flags of all commands: each but the named ones is a
// key, names go there and back, and no two keys or variables are one.
func TestConfigKeys(t *testing.T) {
	keys, err := collectKeys()
	if err != nil {
		t.Fatal(err)
	}
	rules := configRules()
	seen := make(map[string]string) // key or variable, by flag
	for _, c := range configCommands() {
		c.Flags.VisitAll(func(f *pflag.Flag) {
			k := keys.Flag(f.Name)
			if k == nil {
				if !rules[f.Name].Action && f.Name != "help" {
					t.Errorf("%s --%s is no key; name it as others are, or say in configRules that it is an action", c.Name, f.Name)
				}
				return
			}
			if config.FlagOf(k.Name) != f.Name || k.Name != config.KeyOf(f.Name) || k.Variable != config.VariableOf(f.Name) {
				t.Errorf("--%s: key %s, variable %s", f.Name, k.Name, k.Variable)
			}
			for _, name := range []string{k.Name, k.Variable} {
				if have := seen[name]; have != "" && have != f.Name {
					t.Errorf("%s is --%s and --%s", name, have, f.Name)
				}
				seen[name] = f.Name
			}
			if f.Usage == "" {
				t.Errorf("%s --%s does not say what it does", c.Name, f.Name)
			}
		})
	}
	if len(seen) < 60 {
		t.Fatalf("only %d names", len(seen))
	}
}

// TestConfigDefaults holds the rules to the defaults: what nobody changed is no
// mistake, and what config print writes can be read.
func TestConfigDefaults(t *testing.T) {
	keys, err := collectKeys()
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configCommands() {
		var out strings.Builder
		if err := s.Print(&out, c.Name, config.OnMeaning); err != nil {
			t.Fatal(err)
		}
		again, err := keys.Load(config.Sources{File: writeFile(t, "w.yaml", []byte(out.String()))})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range s.Changes(again, c.Name) {
			t.Errorf("%s %s: %q, read again %q", c.Name, k.Name, s.Of(k, c.Name).Items, again.Of(k, c.Name).Items)
		}
	}
}

// TestConfigRules catches rules for flags that no command has, once those that
// have live's flags are there.
func TestConfigRules(t *testing.T) {
	flags := make(map[string]bool)
	for _, c := range configCommands() {
		c.Flags.VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
	}
	if !flags["interface"] {
		t.Skip("no live command in this build")
	}
	for flag := range configRules() {
		if !flags[flag] {
			t.Errorf("a rule for --%s, which no command has", flag)
		}
	}
}

// TestConfigReference holds the table of docs/configuration.md to the flags.
func TestConfigReference(t *testing.T) {
	keys, err := collectKeys()
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(configManual)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(have), configMark)
	if !ok {
		t.Fatalf("no line %q in docs/configuration.md", configMark)
	}
	want := head + configMark + "\n" + keys.Table(sameEverywhere(t))
	if e2eUpdate() {
		if err := os.WriteFile(configManual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("docs/configuration.md is out of date, run make generate (-flags +file):\n%s", diff)
	}
}

// sameEverywhere names defaults that differ from host to host.
func sameEverywhere(t *testing.T) func(flag, value string) string {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return func(_, value string) string {
		if value == host {
			return "the host's name"
		}
		return ""
	}
}

// TestConfigPrecedence asks the program itself which source wins.
func TestConfigPrecedence(t *testing.T) {
	file := writeFile(t, "w.yaml", []byte("link:\n  memory: 1MiB\notlp.header: {authorization: hush}\n"))
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		want  string
		where string
	}{
		{name: "default", want: "32MiB", where: "default"},
		{name: "file", args: []string{"--config", file}, want: "1MiB", where: file + ":2:3"},
		{name: "file by variable", env: []string{"WIRESPAN_CONFIG=" + file}, want: "1MiB", where: file + ":2:3"},
		{name: "flag before variable for the file", env: []string{"WIRESPAN_CONFIG=/nowhere"}, args: []string{"--config", file}, want: "1MiB", where: file + ":2:3"},
		{name: "variable", env: []string{"WIRESPAN_LINK_MEMORY=2MiB"}, args: []string{"--config", file}, want: "2MiB", where: "WIRESPAN_LINK_MEMORY, over " + file + ":2:3"},
		{
			name: "flag", env: []string{"WIRESPAN_LINK_MEMORY=2MiB"}, args: []string{"--config", file, "--", "--link-memory=4MiB"}, want: "4MiB",
			where: "--link-memory, over WIRESPAN_LINK_MEMORY, over " + file + ":2:3",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, v := range c.env {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv(name, value)
			}
			out := wirespan(t, append([]string{"config", "print", "read", "--sources"}, c.args...)...)
			want := "link.memory: " + c.want + "  # " + c.where + "\n"
			if out.code != 0 || !strings.Contains(out.stdout, want) {
				t.Errorf("status %d, want %q in\n%s%s", out.code, want, out.stdout, out.stderr)
			}
			if strings.Contains(out.stdout, "hush") {
				t.Error("a secret is shown")
			}
		})
	}
}

// TestConfigReaches follows a value from file and environment into what read
// does.
func TestConfigReaches(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "spans.ndjson")
	file := writeFile(t, "w.yaml", []byte("out: ndjson:"+out+"\nagent: from-file\nsummary: false\ninterface: [lo]\n"))
	t.Setenv("WIRESPAN_WHERE", "kind = server")
	got := wirespan(t, append([]string{"--config=" + file, "read"}, demoCaptures()...)...)
	if got.code != 0 || got.stdout != "" || got.stderr != "" {
		t.Fatalf("status %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	text := string(readFile(t, out))
	if !strings.Contains(text, `"SERVER"`) || strings.Contains(text, `"CLIENT"`) {
		t.Error("WIRESPAN_WHERE does not choose")
	}
}

// TestConfigMistakes wants status 2 and the place of each mistake, from every
// command.
func TestConfigMistakes(t *testing.T) {
	good := writeFile(t, "good.yaml", []byte("link.memory: 64MiB\n"))
	bad := writeFile(t, "bad.yaml", []byte("quiet: 2s\nlink:\n  memroy: 64MiB\nout:\n  - ndjson:a\n  - xml:b\n"))
	for _, args := range [][]string{
		{"config", "check", good, bad},
		{"config", "check", "--config", bad},
		{"config", "print", "--config", bad},
		append([]string{"read", "--config", bad}, demoCaptures()...),
	} {
		out := wirespan(t, args...)
		if out.code != exitUsage {
			t.Errorf("%v: status %d", args, out.code)
		}
		for _, want := range []string{
			bad + ":3:3: link.memroy: unknown key, did you mean link.memory?",
			bad + `:6:5: out: --out "xml:b": want FORMAT:PATH`,
		} {
			if !strings.Contains(out.stderr, want) {
				t.Errorf("%v: no %q in\n%s", args, want, out.stderr)
			}
		}
	}
	if out := wirespan(t, "config", "check", good); out.code != 0 || !strings.Contains(out.stdout, "1 key, no mistake") {
		t.Errorf("status %d: %s%s", out.code, out.stdout, out.stderr)
	}
	for _, args := range [][]string{
		{"config", "check", "/nowhere/w.yaml"},
		{"read", "--config", "/nowhere/w.yaml", "x"},
		{"config", "print", "nobody"},
		{"config", "print", "--defaults", "--sources"},
	} {
		if out := wirespan(t, args...); out.code != exitUsage || out.stderr == "" {
			t.Errorf("%v: status %d: %s", args, out.code, out.stderr)
		}
	}
}

// TestConfigNotForRead keeps the host's own file away from analyses.
func TestConfigNotForRead(t *testing.T) {
	if slices.Contains(services, "read") {
		t.Error("read looks for " + defaultConfig)
	}
	keys, err := collectKeys()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config", "help"} {
		if keys.Flag(name) != nil {
			t.Errorf("--%s is a key", name)
		}
	}
}

// TestConfigStandard places the standard variables between file and ours.
func TestConfigStandard(t *testing.T) {
	file := writeFile(t, "w.yaml", []byte("sample.ratio: 0.5\notlp: http://192.0.2.1\n"))
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://192.0.2.2:4318")
	out := wirespan(t, "config", "print", "read", "--sources", "--config", file)
	for _, want := range []string{
		"sample.ratio: 0.25  # OTEL_TRACES_SAMPLER, over " + file + ":1:1\n",
		"  - http://192.0.2.2:4318/v1/traces\n",
	} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("no %q in\n%s", want, out.stdout)
		}
	}
	t.Setenv("WIRESPAN_SAMPLE_RATIO", "1")
	out = wirespan(t, "config", "print", "read", "--config", file)
	if want := "sample.ratio: 1  # WIRESPAN_SAMPLE_RATIO\n"; !strings.Contains(out.stdout, want) {
		t.Errorf("no %q in\n%s", want, out.stdout)
	}
}

// TestConfigExample holds the file of the manual to the rules.
func TestConfigExample(t *testing.T) {
	_, text, _ := strings.Cut(string(readFile(t, configManual)), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("the manual has no example")
	}
	keys, err := collectKeys()
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.Load(config.Sources{File: writeFile(t, "w.yaml", []byte(text))})
	if err != nil {
		t.Fatal(err)
	}
	if s.Count() < 8 {
		t.Errorf("%d keys", s.Count())
	}
}
