package config

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// said is what a document says, by flag.
func said(t *testing.T, text string) (map[string][]string, error) {
	t.Helper()
	d := &document{keys: keysOf(t), file: "w.yaml"}
	m, err := d.Unmarshal([]byte(text))
	got := make(map[string][]string)
	for flag, v := range m {
		got[flag] = v.(Value).Items
	}
	return got, err
}

func TestDocument(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string][]string
	}{
		{"nothing", "", nil},
		{"comments", "# a\n---\n# b\n", nil},
		{"null", "~\n", nil},
		{"a key with its dot", "link.memory: 64MiB\n", map[string][]string{"link-memory": {"64MiB"}}},
		{"a section", "link:\n  memory: 64MiB\n", map[string][]string{"link-memory": {"64MiB"}}},
		{"a section in braces", "{link: {memory: 64MiB}, workers: 2}", map[string][]string{"link-memory": {"64MiB"}, "workers": {"2"}}},
		{"more dashes", "spans:\n  per-line: 3\n", map[string][]string{"spans-per-line": {"3"}}},
		{"a name that is key and section, apart", "otlp: http://a\notlp.gzip: true\n", map[string][]string{"otlp": {"http://a"}, "otlp-gzip": {"true"}}},
		{
			"a name that is key and section, together", "otlp: {value: [http://a, http://b], gzip: true}",
			map[string][]string{"otlp": {"http://a", "http://b"}, "otlp-gzip": {"true"}},
		},
		{"an empty list is a value", "otlp: []", map[string][]string{"otlp": {}}},
		{"nothing said", "otlp:\nlink:\nworkers: null\n", map[string][]string{}},
		{
			"pairs as a mapping", "name:\n  192.0.2.1: web\n  '2001:db8::1': db\notlp: {header: {a: b=c}}\n",
			map[string][]string{"name": {"192.0.2.1=web", "2001:db8::1=db"}, "otlp-header": {"a=b=c"}},
		},
		{"pairs as a list", "name: [192.0.2.1=web]", map[string][]string{"name": {"192.0.2.1=web"}}},
		{"words that YAML once took for true", "redact: off\n", map[string][]string{"redact": {"off"}}},
		{"quotes", "agent: \"a: b\"\n", map[string][]string{"agent": {"a: b"}}},
		{"blocks", "agent: |\n  a\n  b\n", map[string][]string{"agent": {"a\nb"}}},
		{"aliases", "agent: &a x\nlink.memory: *a\n", map[string][]string{"agent": {"x"}, "link-memory": {"x"}}},
		{"a byte order mark", "\ufeffworkers: 1\n", map[string][]string{"workers": {"1"}}},
		{"line ends of Windows", "workers: 1\r\nagent: x\r\n", map[string][]string{"workers": {"1"}, "agent": {"x"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := said(t, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				c.want = map[string][]string{}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDocumentFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unknown key", "workers: 1\nlinc.memory: 2\n", "w.yaml:2:1: linc.memory: unknown key, did you mean link.memory?"},
		{"the spelling of the flag", "link-memory: 2\n", "w.yaml:1:1: link-memory: unknown key, did you mean link.memory?"},
		{"the spelling of the variable", "LINK_MEMORY: 2\n", "w.yaml:1:1: LINK_MEMORY: unknown key, did you mean link.memory?"},
		{"a key like none", "frobnicate: 2\n", "w.yaml:1:1: frobnicate: unknown key"},
		{"in a section", "link:\n  memroy: 2\n", "w.yaml:2:3: link.memroy: unknown key, did you mean link.memory?"},
		{"one letter is no key", "x: 2\n", "w.yaml:1:1: x: unknown key"},
		{"an action is no key", "list: true\n", "w.yaml:1:1: list: unknown key"},
		{"a section without keys", "link: 32MiB\n", "w.yaml:1:7: link: is a section; want keys below it, as link.memory"},
		{"twice", "workers: 1\nworkers: 2\n", "w.yaml:2:1: workers: is given twice, first at w.yaml:1:1"},
		{"twice, in two forms", "link.memory: 1\nlink:\n  memory: 2\n", "w.yaml:3:3: link.memory: is given twice, first at w.yaml:1:1"},
		{"a wrong type", "workers: many\n", `w.yaml:1:10: workers: "many": want a whole number`},
		{"a wrong duration", "quiet: 12\n", `w.yaml:1:8: quiet: "12": want a duration, as 1s or 500ms`},
		{"a wrong truth", "otlp.gzip: perhaps\n", `w.yaml:1:12: otlp.gzip: "perhaps": want true or false`},
		{"not one of the words", "redact: perhaps\n", `w.yaml:1:9: redact: "perhaps": want on or off`},
		{"against a rule", "link: {memory: much}\n", `w.yaml:1:16: link.memory: "much": want a size`},
		{"a list for one", "workers:\n  - 1\n  - 2\n", "w.yaml:2:3: workers: want a whole number, not a list"},
		{"a mapping for one", "workers: {a: 1}\n", "w.yaml:1:10: workers: want a whole number, not a mapping"},
		{"a mapping for a list", "otlp:\n  value: {a: b}\n", "w.yaml:2:10: otlp: want a list or a plain value, not a mapping"},
		{"a list in a list", "otlp: [[a]]\n", "w.yaml:1:8: otlp: want a plain value, not a list"},
		{"nothing in a list", "otlp:\n  - a\n  -\n", "w.yaml:3:4: otlp: want a plain value, not nothing"},
		{"no mapping", "- a\n", "w.yaml:1:1: the file: want a mapping of keys to values, not a list"},
		{"just a word", "hello\n", `w.yaml:1:1: the file: want a mapping of keys to values, not "hello"`},
		{"merge", "a: &a {x: 1}\n<<: *a\n", "w.yaml:2:1: merging with << is not supported"},
		{"a key that is a list", "? [a]\n: b\n", "w.yaml:1:3: want a key, not a list"},
		{"two documents", "workers: 1\n---\nworkers: 2\n", "w.yaml:2:1: a second document; one file is one document"},
		{"a tab", "link:\n\tmemory: 1\n", "w.yaml:2: found character that cannot start any token"},
		{"not YAML", "workers: 1\n a: b: c\n", "w.yaml:2: mapping values are not allowed in this context"},
		{"bytes that are no text", "workers: 1\n# \x01\n", "w.yaml:2: control characters are not allowed"},
		{"a knot", "link: &a\n  memory: *a\n", "w.yaml:1:7: link.memory: want a plain value, not a mapping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := said(t, c.text)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("have %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestFaultsTogether wants all mistakes at once, within a bound.
func TestFaultsTogether(t *testing.T) {
	_, err := said(t, "a: 1\nworkers: x\nb: 2\n")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("have %v", err)
	}
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "unknown%d: 1\n", i)
	}
	_, err = said(t, b.String())
	if err == nil || strings.Count(err.Error(), "\n") != maxFaults || !strings.HasSuffix(err.Error(), "w.yaml: and 980 more") {
		t.Errorf("have %v", err)
	}
}

// TestSecretsStayOut of messages.
func TestSecretsStayOut(t *testing.T) {
	_, err := said(t, "otlp.header: {authorization: [hush]}\notlp.header: hush\n")
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("have %v", err)
	}
}

// FuzzDocument wants no panic, and a place in every error; what is taken can
// be written into flags.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{
		"link:\n  memory: 64MiB\n", "otlp: {value: [a, b], gzip: true, header: {a: b}}\n", "a: &a [*a]\n", "? [a]\n: b\n",
		"<<: {a: b}\n", "workers: !!binary aGk=\n", "name: |\n  x\n", "--- a\n--- b\n", "\x00", "quiet: 1s\nquiet: 2s", "{", "%YAML 9\n---\n",
		"link: &x {memory: *x}", "otlp:\n- a\n-\n", "!!str workers: 0x10", "\xff\xfea\x00",
	} {
		f.Add([]byte(s))
	}
	keys := keysOf(f)
	place := regexp.MustCompile(`^w\.yaml:(\d+(:\d+)?: |.* and \d+ more)`)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &document{keys: keys, file: "w.yaml"}
		m, err := d.Unmarshal(b)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\nw.yaml") {
				if line = "w.yaml" + strings.TrimPrefix(line, "w.yaml"); !place.MatchString(line) && line != "w.yaml: and" && !strings.HasPrefix(line, "w.yaml: and ") {
					t.Fatalf("no place: %q", line)
				}
			}
			return
		}
		s := &Settings{keys: keys, values: make(map[string]Value)}
		for flag, v := range m {
			s.values[flag] = v.(Value)
		}
		if err := s.Fill(new(rig).flags("")); err != nil {
			t.Fatalf("%v\n%q", err, b)
		}
	})
}
