package config

import (
	"fmt"
	"slices"
	"strings"
)

// Table lists all keys for the manual, in Markdown. alias says how a default
// is written that differs from host to host; empty leaves it as it is.
func (k *Keys) Table(alias func(flag, value string) string) string {
	var b strings.Builder
	b.WriteString("| key | flag | variable | default | commands | reload | meaning |\n|---|---|---|---|---|---|---|\n")
	for _, key := range k.list {
		reload := ""
		if key.Rule.Reload {
			reload = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | `%s` | %s | %s | %s | %s |\n", key.Name, key.Flag, key.Variable,
			key.defaults(alias), key.commands(), reload, cell(key.Usage))
	}
	return b.String()
}

// defaults writes the default, or those of each command where they differ.
func (k *Key) defaults(alias func(flag, value string) string) string {
	var words []string
	for _, d := range k.Defaults {
		w := strings.Join(d.Items, ", ")
		if a := alias(k.Flag, w); a != "" {
			w = a
		}
		if w != "" {
			w = "`" + cell(w) + "`"
		}
		words = append(words, w)
	}
	if same := slices.Compact(slices.Clone(words)); len(same) == 1 {
		return same[0]
	}
	for i, d := range k.Defaults {
		if words[i] == "" {
			words[i] = "none"
		}
		words[i] += " (" + d.Command + ")"
	}
	return strings.Join(words, ", ")
}

func (k *Key) commands() string {
	var names []string
	for _, d := range k.Defaults {
		names = append(names, d.Command)
	}
	return strings.Join(names, ", ")
}

// cell keeps text within its cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}
