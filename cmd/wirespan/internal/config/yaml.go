package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// document reads a YAML file into values by flag. It meets koanf.Parser.
// koanf's own YAML parser does not tell where a value stands.
type document struct {
	keys   *Keys
	file   string
	values map[string]any // of Value
	faults faults
}

// Unmarshal reads the one document of a file. The error joins a Fault for
// everything that is wrong.
func (d *document) Unmarshal(b []byte) (map[string]any, error) {
	d.values = make(map[string]any)
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return d.values, nil
	case err != nil:
		return nil, d.syntax(b, err)
	}
	d.top(&doc)
	switch err := dec.Decode(&more); {
	case err == nil:
		d.at(&more, "a second document; one file is one document")
	case !errors.Is(err, io.EOF):
		return nil, errors.Join(d.faults.err(d.file), d.syntax(b, err))
	}
	if err := d.faults.err(d.file); err != nil {
		return nil, err
	}
	return d.values, nil
}

// Marshal is there for koanf.Parser only.
func (d *document) Marshal(map[string]any) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

func (d *document) place(n *yaml.Node) string {
	return fmt.Sprintf("%s:%d:%d", d.file, max(n.Line, 1), max(n.Column, 1))
}

func (d *document) at(n *yaml.Node, format string, args ...any) {
	d.faults.add(d.place(n), format, args...)
}

// top reads the document's mapping.
func (d *document) top(doc *yaml.Node) {
	root := doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	if isNull(root) {
		return
	}
	d.each(root, "the file", func(name string, at, v *yaml.Node) {
		key, section := d.keys.byName[name], d.keys.sections[name]
		switch {
		case section && v.Kind == yaml.MappingNode:
			d.section(name, key, v)
		case key != nil:
			d.set(key, at, v)
		case !section:
			d.unknown(name, at)
		case !isNull(v):
			d.at(v, "%s: is a section; want keys below it, as %s", name, d.keys.example(name))
		}
	})
}

// section reads the keys below a name; itself is the key of that name.
func (d *document) section(name string, itself *Key, v *yaml.Node) {
	d.each(v, name, func(child string, at, v *yaml.Node) {
		key := d.keys.byName[name+"."+child]
		if child == own && itself != nil {
			key = itself
		}
		if key == nil {
			d.unknown(name+"."+child, at)
			return
		}
		d.set(key, at, v)
	})
}

// each walks a mapping whose keys are plain words.
func (d *document) each(m *yaml.Node, what string, f func(name string, at, v *yaml.Node)) {
	if m = follow(m); m.Kind != yaml.MappingNode {
		d.at(m, "%s: want a mapping of keys to values, not %s", what, kindOf(m))
		return
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], follow(m.Content[i+1])
		switch {
		case k.Tag == "!!merge":
			d.at(k, "merging with << is not supported")
		case k.Kind != yaml.ScalarNode:
			d.at(k, "want a key, not %s", kindOf(k))
		default:
			f(k.Value, k, v)
		}
	}
}

// set takes the value of a key. Null says nothing.
func (d *document) set(key *Key, at, v *yaml.Node) {
	if have, ok := d.values[key.Flag].(Value); ok {
		d.at(at, "%s: is given twice, first at %s", key.Name, have.Place)
		return
	}
	if isNull(v) {
		return
	}
	if items, ok := d.items(key, v); ok {
		d.values[key.Flag] = Value{Items: items, From: OfFile, Place: d.place(at)}
	}
}

// items turns a node into what the flag takes.
func (d *document) items(key *Key, v *yaml.Node) (items []string, ok bool) {
	ok = true
	take := func(n *yaml.Node, prefix string) {
		if n = follow(n); n.Kind != yaml.ScalarNode || isNull(n) {
			d.at(n, "%s: want a plain value, not %s", key.Name, kindOf(n))
			ok = false
			return
		}
		s := prefix + text(n)
		if err := key.Check(s); err != nil {
			d.at(n, "%s: %w", key.Name, err)
			ok = false
		}
		items = append(items, s)
	}
	switch {
	case v.Kind == yaml.ScalarNode:
		take(v, "")
	case key.List && v.Kind == yaml.SequenceNode:
		items = []string{} // an empty list is a value
		for _, n := range v.Content {
			take(n, "")
		}
	case key.Pairs && v.Kind == yaml.MappingNode:
		items = []string{}
		d.each(v, key.Name, func(name string, _, n *yaml.Node) { take(n, name+"=") })
	default:
		d.at(v, "%s: want %s, not %s", key.Name, key.shape(), kindOf(v))
		ok = false
	}
	return items, ok
}

// unknown reports a key that no command has.
func (d *document) unknown(name string, at *yaml.Node) {
	if near := d.keys.near(name); near != "" {
		d.at(at, "%s: unknown key, did you mean %s?", clip(name), near)
		return
	}
	d.at(at, "%s: unknown key", clip(name))
}

// near finds the key that was meant, by its spelling or that of its flag.
func (k *Keys) near(name string) string {
	name = strings.TrimLeft(name, "-")
	if key := k.byFlag[strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))]; key != nil {
		return key.Name
	}
	names := make([]string, 0, len(k.list)+len(k.sections))
	for _, key := range k.list {
		names = append(names, key.Name)
	}
	for s := range k.sections {
		if k.byName[s] == nil && !strings.Contains(name, ".") {
			names = append(names, s)
		}
	}
	return Nearest(name, names)
}

// example is some key of a section.
func (k *Keys) example(section string) string {
	for _, key := range k.list {
		if key.Section() == section {
			return key.Name
		}
	}
	return section
}

// shape says what a key takes.
func (k *Key) shape() string {
	switch {
	case k.Pairs:
		return "a list, a mapping or a plain value"
	case k.List:
		return "a list or a plain value"
	}
	if w := Wants(k.Type); w != "" {
		return w
	}
	return "a plain value"
}

// follow gives what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n.Kind == 0 || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// text is a scalar as it is written. Blocks end with a line end that belongs
// to the form.
func text(n *yaml.Node) string {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return strings.TrimRight(n.Value, "\n")
	}
	return n.Value
}

func kindOf(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	}
	return strconv.Quote(clip(n.Value))
}

// yamlLine finds the line in an error of the YAML library, which gives none
// for the first.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax places an error of the YAML library.
func (d *document) syntax(b []byte, err error) error {
	msg := err.Error()
	line := 1
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		msg = msg[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		} else if at := unreadable(b); at >= 0 {
			line = 1 + bytes.Count(b[:at], []byte("\n"))
		}
	}
	return &Fault{fmt.Sprintf("%s:%d", d.file, line), errors.New(strings.TrimSpace(msg))}
}

// unreadable finds the first byte that YAML does not allow anywhere, -1 if
// there is none.
func unreadable(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return i
		}
		i += n
	}
	return -1
}
