package config

import (
	"fmt"
	"maps"

	"github.com/spf13/pflag"
)

// Of is the value of a key in a command: what the strongest source says, or
// the command's default.
func (s *Settings) Of(k *Key, command string) Value {
	if v, ok := s.values[k.Flag]; ok {
		return v
	}
	return k.defaultOf(command)
}

// defaultOf is the default of a command, or of the first that has the key.
func (k *Key) defaultOf(command string) Value {
	v := Value{Items: k.Defaults[0].Items, Place: "default"}
	for _, d := range k.Defaults {
		if d.Command == command {
			v.Items = d.Items
		}
	}
	return v
}

// Over lists the values that a stronger source overrides, strongest first.
func (s *Settings) Over(k *Key) []Value {
	var list []Value
	for of := numSources; of > 0; of-- {
		if v, ok := s.layers[of-1][k.Flag]; ok {
			list = append(list, v)
		}
	}
	if len(list) > 0 {
		return list[1:]
	}
	return nil
}

// Fill writes the values into flags, except those that were given on the
// command line. A flag that a source sets counts as changed.
func (s *Settings) Fill(fs *pflag.FlagSet) error {
	var first error
	fs.VisitAll(func(f *pflag.Flag) {
		v, ok := s.values[f.Name]
		if !ok || f.Changed || first != nil {
			return
		}
		first = fill(f, v)
	})
	return first
}

func fill(f *pflag.Flag, v Value) error {
	var err error
	if list, ok := f.Value.(pflag.SliceValue); ok {
		err = list.Replace(v.Items)
	} else if len(v.Items) > 0 {
		err = f.Value.Set(v.Items[len(v.Items)-1])
	}
	if err != nil {
		return &Fault{v.Place, fmt.Errorf("%s: %w", KeyOf(f.Name), err)}
	}
	f.Changed = true
	return nil
}

// Changes lists the keys of a command that have another value in next.
func (s *Settings) Changes(next *Settings, command string) []*Key {
	var list []*Key
	for _, k := range s.keys.list {
		if k.In(command) && !s.Of(k, command).Equal(next.Of(k, command)) {
			list = append(list, k)
		}
	}
	return list
}

// With returns Settings that differ from s only in some keys, which are as in
// next.
func (s *Settings) With(next *Settings, keys []*Key) *Settings {
	n := *s
	n.values = maps.Clone(s.values)
	for _, k := range keys {
		if v, ok := next.values[k.Flag]; ok {
			n.values[k.Flag] = v
		} else {
			delete(n.values, k.Flag)
		}
	}
	return &n
}

// Count is the number of keys that a source says something about.
func (s *Settings) Count() int { return len(s.values) }
