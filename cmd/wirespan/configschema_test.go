package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
)

// TestConfigSchema compares the schema with what config check says, by a
// validator of others.
func TestConfigSchema(t *testing.T) {
	python := toolPath(t, "python3")
	if err := exec.Command(python, "-c", "import jsonschema").Run(); err != nil {
		t.Skip("python3 has no jsonschema")
	}
	out := wirespan(t, "config", "schema")
	if out.code != 0 {
		t.Fatal(out.stderr)
	}
	// JSON is YAML, so one text serves both.
	cases := []string{
		`{"link": {"memory": "64MiB"}, "otlp": {"value": "http://a", "gzip": true, "header": {"a": "b"}}}`,
		`{"otlp": "http://a", "otlp.gzip": true, "name": {"192.0.2.1": "web"}, "workers": 2, "quiet": "2s"}`,
		`{"otlp": ["http://a"], "sample.ratio": 0.5, "agent": 12, "where": "status >= 500"}`,
		`{"link": null, "workers": null}`, `{"proto": ["8080=http"], "spans": "pair", "request": {"timeout": "1m30s"}}`,
		`{}`, `null`,
		`{"linc.memory": 1}`, `{"link": {"memroy": 1}}`, `{"workers": "many"}`, `{"redact": "perhaps"}`, `{"otlp": {"gzip": 3}}`,
		`{"quiet": "soon"}`, `{"workers": [1]}`, `{"otlp": [["a"]]}`, `{"link": "32MiB"}`, `["a"]`, `{"otlp": {"header": {"a": {"b": "c"}}}}`,
	}
	docs, err := json.Marshal(map[string]any{"schema": json.RawMessage(out.stdout), "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command(python, "-c", `
import json, sys, jsonschema
d = json.load(sys.stdin)
jsonschema.Draft7Validator.check_schema(d["schema"])
v = jsonschema.Draft7Validator(d["schema"])
for c in d["cases"]: print(v.is_valid(json.loads(c)))`)
	check.Stdin = strings.NewReader(string(docs))
	b, err := check.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	verdicts := strings.Fields(string(b))
	if len(verdicts) != len(cases) {
		t.Fatalf("%d verdicts\n%s", len(verdicts), b)
	}
	keys, err := collectKeys()
	if err != nil {
		t.Fatal(err)
	}
	valid := 0
	for i, c := range cases {
		_, err := keys.Load(config.Sources{File: writeFile(t, "w.yaml", []byte(c))})
		if (verdicts[i] == "True") != (err == nil) {
			t.Errorf("%s: the schema says %s, config check %v", c, verdicts[i], err)
		}
		if err == nil {
			valid++
		}
	}
	if valid != 7 {
		t.Errorf("%d of %d are valid", valid, len(cases))
	}
}
