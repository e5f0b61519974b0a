package config

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// Prefix is what the names of our environment variables begin with.
const Prefix = "WIRESPAN_"

// own is the name under which a section holds its own value, when its name is
// a key too.
const own = "value"

// flagNames are those that can be keys: one letter says nothing in a file.
var flagNames = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// KeyOf is the key of a flag: its first dash becomes a dot.
func KeyOf(flag string) string { return strings.Replace(flag, "-", ".", 1) }

// FlagOf undoes KeyOf. It is total: what is no key comes back as some name
// that no flag has.
func FlagOf(key string) string { return strings.Replace(key, ".", "-", 1) }

// VariableOf is the environment variable of a flag.
func VariableOf(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagOfVariable undoes VariableOf.
func flagOfVariable(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, Prefix), "_", "-"))
}

// Key is one setting.
type Key struct {
	Flag        string // without dashes in front
	Name        string // in the file
	Variable    string
	Type        string // of the flag, as pflag names it
	List        bool   // several values
	Pairs       bool   // a list whose values are NAME=VALUE, so that a mapping will do
	Usage       string
	Placeholder string // how the help calls the value, empty if it does not
	Rule        Rule
	Defaults    []Default // by command, in the order of Collect

	flag *pflag.Flag // scratch: only to try values on
}

// Default is the value of a key in a command when nobody says anything.
type Default struct {
	Command string
	Items   []string // one unless the key is a list
}

// Section is the part of the name before the dot, empty if there is none.
func (k *Key) Section() string {
	s, _, ok := strings.Cut(k.Name, ".")
	if !ok {
		return ""
	}
	return s
}

// In reports whether a command knows the key.
func (k *Key) In(command string) bool {
	for _, d := range k.Defaults {
		if d.Command == command {
			return true
		}
	}
	return false
}

// isKey reports whether a flag can be set from file and environment.
func isKey(f *pflag.Flag) bool {
	if len(f.Name) < 2 || !flagNames.MatchString(f.Name) {
		return false
	}
	switch f.Value.Type() {
	case "func", "boolfunc": // their value is what they do
		return false
	}
	return f.Name != "help"
}

// itemsOf reads the present value of a flag.
func itemsOf(v pflag.Value) []string {
	if s, ok := v.(pflag.SliceValue); ok {
		return s.GetSlice()
	}
	return []string{v.String()}
}
