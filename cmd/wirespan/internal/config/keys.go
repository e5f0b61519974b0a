package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Command is a command and its flags. Collect keeps the flags and writes trial
// values into them: they must not be those of the running command.
type Command struct {
	Name  string
	Flags *pflag.FlagSet
}

// Keys are all settings of all commands.
type Keys struct {
	list     []*Key // by name
	byFlag   map[string]*Key
	byName   map[string]*Key
	sections map[string]bool
}

// Collect makes keys of the flags. Faults are mistakes in the program: two
// keys with one name, a flag whose type differs between commands, a rule
// without flag is none.
func Collect(commands []Command, rules Rules) (*Keys, error) {
	k := &Keys{byFlag: make(map[string]*Key), byName: make(map[string]*Key), sections: make(map[string]bool)}
	var errs []error
	for _, c := range commands {
		c.Flags.VisitAll(func(f *pflag.Flag) {
			if isKey(f) && !rules[f.Name].Action {
				errs = append(errs, k.add(c.Name, f, rules[f.Name]))
			}
		})
	}
	slices.SortFunc(k.list, func(a, b *Key) int { return cmp.Compare(a.Name, b.Name) })
	for _, key := range k.list {
		if s := key.Section(); s != "" {
			k.sections[s] = true
		}
	}
	for _, key := range k.list {
		section, rest, _ := strings.Cut(key.Name, ".")
		if rest == own && k.byName[section] != nil {
			errs = append(errs, fmt.Errorf("--%s: %s is how the file says --%s", key.Flag, key.Name, section))
		}
	}
	return k, errors.Join(errs...)
}

// add takes in a flag of a command.
func (k *Keys) add(command string, f *pflag.Flag, r Rule) error {
	d := Default{Command: command, Items: itemsOf(f.Value)}
	if have := k.byFlag[f.Name]; have != nil {
		if have.Type != f.Value.Type() {
			return fmt.Errorf("--%s: is %s in %s and %s in %s", f.Name, have.Type, have.Defaults[0].Command, f.Value.Type(), command)
		}
		have.Defaults = append(have.Defaults, d)
		return nil
	}
	_, list := f.Value.(pflag.SliceValue)
	placeholder, usage := pflag.UnquoteUsage(f)
	if !strings.Contains(f.Usage, "`") {
		placeholder = "" // made up from the type
	}
	key := &Key{
		Flag: f.Name, Name: KeyOf(f.Name), Variable: VariableOf(f.Name), Type: f.Value.Type(),
		List: list, Pairs: list && strings.Contains(placeholder, "="), Usage: usage, Placeholder: placeholder,
		Rule: r, Defaults: []Default{d}, flag: f,
	}
	if k.byName[key.Name] != nil {
		return fmt.Errorf("--%s: its key %s is also that of --%s", f.Name, key.Name, k.byName[key.Name].Flag)
	}
	k.list = append(k.list, key)
	k.byFlag[f.Name], k.byName[key.Name] = key, key
	return nil
}

// All returns the keys by name. The list is the callee's.
func (k *Keys) All() []*Key { return k.list }

// Flag returns the key of a flag, nil if there is none.
func (k *Keys) Flag(name string) *Key { return k.byFlag[name] }

// Check tries a value of a key: type, then rule. The error does not name the
// key, and not the value of a secret.
func (k *Key) Check(v string) error {
	err := k.try(v)
	if err == nil {
		err = k.Rule.check(v)
	}
	if err == nil {
		return nil
	}
	if k.Rule.Secret || strings.Contains(err.Error(), strconv.Quote(v)) {
		return err
	}
	return fmt.Errorf("%q: %w", clip(maskURL(v)), err)
}

// try sets the scratch flag.
func (k *Key) try(v string) error {
	var err error
	if s, ok := k.flag.Value.(pflag.SliceValue); ok {
		err = s.Replace([]string{v})
	} else {
		err = k.flag.Value.Set(v)
	}
	if err == nil {
		return nil
	}
	if want := Wants(k.Type); want != "" {
		return errors.New("want " + want)
	}
	return err
}

// Wants says in people's words what a type of pflag takes, empty where any text
// will do.
func Wants(t string) string {
	t = strings.TrimSuffix(t, "Slice")
	switch t {
	case "bool":
		return "true or false"
	case "duration":
		return "a duration, as 1s or 500ms"
	case "int", "int8", "int16", "int32", "int64", "count":
		return "a whole number"
	case "uint", "uint8", "uint16", "uint32", "uint64":
		return "a whole number from 0"
	case "float32", "float64":
		return "a number"
	}
	return ""
}

// clip keeps messages short.
func clip(v string) string {
	const most = 80
	if len(v) > most {
		return strings.ToValidUTF8(v[:most], "") + "..."
	}
	return v
}
