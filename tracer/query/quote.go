package query

import "strings"

// Quote writes a name or value so that it is read as it is, whatever is in it.
func Quote(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
}
