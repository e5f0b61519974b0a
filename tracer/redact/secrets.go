package redact

import (
	"slices"
	"strings"
	"unicode"
)

// Secrets are texts of our own, as passwords and tokens, that must not stand in words
// of others.
type Secrets []string

// leastSecret is the length from which a secret can be told from ordinary text.
const leastSecret = 4

// NewSecrets collects values, as those of headers, and the words in them: who repeats
// the token of "Bearer TOKEN" need not repeat it all.
func NewSecrets(values ...string) (s Secrets) {
	for _, value := range values {
		for _, v := range append(strings.Fields(value), value) {
			if len(v) >= leastSecret {
				s = append(s, v)
			}
		}
	}
	// A secret that is part of another would leave the rest of that one.
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(s)
}

// Words makes what another program said fit for an error or a log: printable, without
// secrets, and of at most so many bytes, beside the "..." where it was cut.
func (s Secrets) Words(said string, most int) string {
	for _, v := range s {
		said = strings.ReplaceAll(said, v, Replacement)
	}
	said = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(said, "\uFFFD"))
	if said = strings.TrimSpace(said); len(said) > most {
		said = strings.ToValidUTF8(said[:most], "") + "..."
	}
	return said
}
