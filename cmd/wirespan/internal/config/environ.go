package config

import (
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"go.yaml.in/yaml/v3"
)

// FileVariable names the configuration file; it is no key of it.
const FileVariable = Prefix + "CONFIG"

// environment reads our variables.
type environment struct {
	keys     *Keys
	faults   faults
	warnings []string
}

// provider gives koanf the values by flag. A variable that is empty says
// nothing, as in the OpenTelemetry specification.
func (e *environment) provider(environ func() []string) *env.Env {
	return env.Provider("", env.Opt{Prefix: Prefix, TransformFunc: e.transform, EnvironFunc: environ})
}

func (e *environment) transform(name, text string) (string, any) {
	key := e.keys.byFlag[flagOfVariable(name)]
	if key == nil || text == "" || key.Variable != name {
		e.stranger(name, key)
		return "", nil
	}
	items := e.split(key, name, text)
	for _, s := range items {
		if err := key.Check(s); err != nil {
			e.faults.add(name, "%w", err)
			return "", nil
		}
	}
	return key.Flag, Value{Items: items, From: OfEnvironment, Place: name}
}

// stranger warns of a variable that is nearly one of ours. Others are no
// mistake: Kubernetes sets WIRESPAN_PORT for a service called wirespan.
func (e *environment) stranger(name string, key *Key) {
	if key != nil && key.Variable == name || name == FileVariable {
		return
	}
	// The prefix counts for nothing when names are compared.
	names := make([]string, len(e.keys.list))
	for i, k := range e.keys.list {
		names[i] = k.Variable[len(Prefix):]
	}
	if near := Nearest(name[len(Prefix):], names); near != "" && len(near) > 4 {
		e.warnings = append(e.warnings, name+": unknown variable, did you mean "+Prefix+near+"?")
	}
}

// split makes a list of a variable: parts between commas, or a YAML list or
// mapping in brackets.
func (e *environment) split(key *Key, name, text string) []string {
	if !key.List {
		return []string{text}
	}
	if text[0] == '[' && text[len(text)-1] == ']' || key.Pairs && text[0] == '{' && text[len(text)-1] == '}' {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err == nil && len(doc.Content) == 1 {
			d := document{keys: e.keys, file: name}
			items, _ := d.items(key, doc.Content[0])
			for _, f := range d.faults.list {
				e.faults.add(name, "%w", f)
			}
			return items
		}
	}
	var items []string
	for s := range strings.SplitSeq(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			items = append(items, s)
		}
	}
	return items
}
