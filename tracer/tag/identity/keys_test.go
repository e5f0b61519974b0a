package identity

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

// TestKeys documents every attribute that this package names, once, and none
// that spans have already.
func TestKeys(t *testing.T) {
	docs := Keys([]string{"app", "tier"})
	seen := make(map[string]bool)
	for _, d := range docs {
		if seen[d.Name] || d.Doc == "" || d.Type != "String" && d.Type != "Int" {
			t.Errorf("%+v", d)
		}
		seen[d.Name] = true
	}
	if !seen[LabelPrefix+"app"] || !seen[LabelPrefix+"tier"] {
		t.Error("labels that were chosen have no key")
	}
	if k := span.NewKeys(docs...); k.Len() != span.NewKeys().Len()+len(docs) {
		t.Error("an attribute is one of spans, too")
	}
	f, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil && !strings.HasSuffix(name, ".") && !seen[name] {
				t.Errorf("%s has no documentation", name)
			}
		}
		return true
	})
}

func TestSources(t *testing.T) {
	seen := make(map[string]bool)
	for s := range NumSources {
		if n := s.String(); n == "" || seen[n] {
			t.Errorf("source %d is called %q", s, n)
		}
		seen[s.String()] = true
	}
}
