package names

import (
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a file of names.
const maxFile = 32 << 20

// ReadYAML reads rules from a mapping, alone or under the key "names":
//
//	names:
//	  10.0.0.5: web
//	  10.0.0.0/8:5432: {service: orders-db, namespace: shop, host: db1}
//
// Every fault is told with its line; file is the name to tell.
func ReadYAML(r io.Reader, file string) ([]Rule, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", file, maxFile)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	n := doc.Content[0]
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "names" {
		n = n.Content[1]
	}
	return RulesOf(n, file)
}

// RulesOf reads the mapping of ReadYAML from a document that others read, as
// the configuration file is.
func RulesOf(n *yaml.Node, file string) ([]Rule, error) {
	f := faults{file: file}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		f.add(n.Line, errors.New("want a mapping of addresses to names"))
		return nil, f.err()
	}
	if len(n.Content)/2 > MaxRules {
		f.add(n.Line, errTooMany)
		return nil, f.err()
	}
	rules := make([]Rule, 0, len(n.Content)/2)
	seen := make(map[Pattern]int)
	for i := 0; i+1 < len(n.Content) && !f.full(); i += 2 {
		k := n.Content[i]
		r, err := yamlRule(k, n.Content[i+1])
		if err != nil {
			f.add(k.Line, err)
			continue
		}
		if line := seen[r.Pattern]; line != 0 {
			f.add(k.Line, fmt.Errorf("%s is named in line %d already", k.Value, line))
			continue
		}
		seen[r.Pattern] = k.Line
		rules = append(rules, r)
	}
	return rules, f.err()
}

func yamlRule(k, v *yaml.Node) (Rule, error) {
	var r Rule
	var err error
	if k.Kind != yaml.ScalarNode {
		return r, errors.New("want an address")
	}
	if r.Pattern, err = ParsePattern(k.Value); err != nil {
		return r, err
	}
	switch v.Kind {
	case yaml.ScalarNode:
		if v.Tag != "!!null" {
			r.Service = v.Value
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(v.Content); i += 2 {
			to, known := map[string]*string{
				"service": &r.Service, "namespace": &r.Namespace, "host": &r.Host,
			}[v.Content[i].Value]
			if !known {
				return r, fmt.Errorf("key %q is not known; want service, namespace or host", v.Content[i].Value)
			}
			*to = v.Content[i+1].Value
		}
	default:
		return r, errors.New("want a name, or {service: NAME, namespace: NAME, host: NAME}")
	}
	return r, r.Entry.check()
}
