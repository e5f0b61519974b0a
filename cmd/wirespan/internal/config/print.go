package config

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Comments say what Print writes beside the values.
type Comments uint8

// What is commented.
const (
	OnChanged Comments = iota // where values come from that are no defaults
	OnSources                 // where every value comes from, and what it overrides
	OnMeaning                 // what every key is for
)

// Print writes the values as YAML that Load takes, secrets masked. An empty
// command prints the keys of all.
func (s *Settings) Print(w io.Writer, command string, c Comments) error {
	b := bufio.NewWriter(w)
	for _, k := range s.keys.list {
		if command != "" && !k.In(command) {
			continue
		}
		v := s.Of(k, command)
		if c == OnMeaning {
			fmt.Fprintf(b, "# %s (--%s, %s)\n", k.Usage, k.Flag, k.Variable)
		}
		printValue(b, k, v, s.comment(k, v, c))
		if c == OnMeaning {
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

// comment says where a value comes from.
func (s *Settings) comment(k *Key, v Value, c Comments) string {
	switch {
	case c == OnMeaning, c == OnChanged && v.From == OfDefault:
		return ""
	case c == OnChanged:
		return "  # " + v.Place
	}
	text := "  # " + v.Place
	for _, o := range s.Over(k) {
		text += ", over " + o.Place
	}
	return text
}

func printValue(b *bufio.Writer, k *Key, v Value, comment string) {
	if !k.List {
		item := ""
		if len(v.Items) > 0 {
			item = v.Items[len(v.Items)-1]
		}
		fmt.Fprintf(b, "%s: %s%s\n", k.Name, k.scalar(k.mask(item)), comment)
		return
	}
	if len(v.Items) == 0 {
		fmt.Fprintf(b, "%s: []%s\n", k.Name, comment)
		return
	}
	fmt.Fprintf(b, "%s:%s\n", k.Name, comment)
	for _, item := range v.Items {
		fmt.Fprintf(b, "  - %s\n", k.scalar(k.mask(item)))
	}
}

// scalar writes one value so that YAML reads it as the same text.
func (k *Key) scalar(v string) string {
	if k.plain() && v != "" {
		return v
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
	if strings.ContainsAny(v, "\n\r\t") {
		n.Style = yaml.DoubleQuotedStyle
	}
	text, err := yaml.Marshal(&n)
	if err != nil {
		return fmt.Sprintf("%q", v)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// plain reports whether values are numbers, durations or true and false.
func (k *Key) plain() bool { return Wants(k.Type) != "" }
