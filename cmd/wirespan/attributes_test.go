package main_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

const attributeReference = "../../docs/attributes.md"

// update is the flag of that name, which other tests of this binary may have
// defined before.
var update = func() flag.Value {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "rewrite golden files")
	}
	return flag.Lookup("update").Value
}()

const attributeHead = `# Attributes

Every attribute that a span of wirespan can carry, written from the code by ` + "`make generate`" + `. An attribute that is
unknown is absent, never empty or zero. Times in nanoseconds are integers. Names without the prefix ` + "`wirespan.`" + ` are those of
the OpenTelemetry semantic conventions, where their meaning is written.

The resource of a span has ` + "`service.name`" + `, ` + "`service.instance.id`" + ` (address and port of the server, on spans of the server's
side) and ` + "`wirespan.agent`" + `; see [outputs](outputs.md).
`

// reserved are attributes with a name and a meaning that nothing sets yet.
var reserved = []string{
	"http.request.body.size", "wirespan.flow.community_id", "wirespan.phase.tls",
	"wirespan.opaque", "wirespan.sample.rate", "wirespan.clock.offset",
}

// group is a section of the reference: attributes with one of the prefixes.
type group struct {
	title    string
	prefixes []string
}

func (g group) holds(name string) bool {
	return slices.ContainsFunc(g.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// groups are the sections in order; the first that holds an attribute has it.
var groups = []group{
	{"Endpoints and network", []string{"client.", "server.", "network.", "peer."}},
	{"Outcome", []string{"error.", "wirespan.response", "wirespan.loss.", "wirespan.truncated"}},
	{"HTTP", []string{"http.", "url.", "user_agent.", "wirespan.http.", "wirespan.websocket.", "wirespan.interim"}},
	{"DNS", []string{"dns.", "wirespan.dns."}},
	{"Request IDs, contexts and links", []string{"wirespan.request_id", "wirespan.context", "wirespan.link.", "wirespan.exchange", "wirespan.client.forwarded"}},
	{"Times", []string{"wirespan.phase.", "wirespan.clock."}},
	{"TCP", []string{"wirespan.tcp.", "wirespan.flow."}},
	{"Capture point and tunnels", []string{"wirespan.capture.", "wirespan.observation", "wirespan.half", "wirespan.signal", "wirespan.tunnel.", "wirespan.vlan", "wirespan.sample."}},
	{"Resource", []string{"service.", "host.", "process.", "container.", "k8s.", "wirespan.unit"}},
	{"Other", []string{""}},
}

// TestAttributeReference holds docs/attributes.md to the attributes that the
// program knows: its own and those of every protocol.
func TestAttributeReference(t *testing.T) {
	keys := join.NewKeys(all.Protos(), identity.Keys(nil)...)
	for _, name := range reserved {
		if _, ok := keys.Lookup(name); !ok {
			t.Errorf("%s is reserved, but not known", name)
		}
	}
	want := renderAttributes(keys)
	if update.String() == "true" {
		if err := os.WriteFile(attributeReference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(attributeReference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("docs/attributes.md is out of date, run make generate (-code +file):\n%s", diff)
	}
}

// renderAttributes writes the reference.
func renderAttributes(keys *span.Keys) string {
	sections := make([][]span.KeyDoc, len(groups))
	for i := range keys.Len() {
		d := keys.Doc(span.Key(i))
		g := slices.IndexFunc(groups, func(g group) bool { return g.holds(d.Name) })
		sections[g] = append(sections[g], d)
	}
	var b strings.Builder
	b.WriteString(attributeHead)
	for i, s := range sections {
		if len(s) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| attribute | type | meaning |\n|---|---|---|\n", groups[i].title)
		slices.SortStableFunc(s, func(a, b span.KeyDoc) int { return strings.Compare(a.Name, b.Name) })
		for _, d := range s {
			if slices.Contains(reserved, d.Name) {
				d.Doc = strings.TrimPrefix(d.Doc+" (reserved: nothing sets it yet)", " ")
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.Name, typeName(d.Type), strings.ReplaceAll(d.Doc, "|", `\|`))
		}
	}
	return b.String()
}

// typeName is the OpenTelemetry name of a type.
func typeName(t string) string {
	switch t {
	case "Strings":
		return "string[]"
	case "Ints":
		return "int[]"
	case "Float":
		return "double"
	}
	return strings.ToLower(t)
}
