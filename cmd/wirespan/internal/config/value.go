package config

import (
	"errors"
	"fmt"
	"slices"
)

// Source is where a value comes from. A later one wins.
type Source uint8

// Sources, weakest first. Standard are the variables of the OpenTelemetry
// specification that say what one of our keys says.
const (
	OfDefault Source = iota
	OfFile
	OfStandard
	OfEnvironment
	OfFlag
	numSources
)

// Value is what one source says about a key.
type Value struct {
	Items []string // as the flag takes them; one unless the key is a list
	From  Source
	Place string // file:line:column, variable or flag; "default"
}

// Equal compares what is said, not who says it.
func (v Value) Equal(w Value) bool { return slices.Equal(v.Items, w.Items) }

// Fault is a mistake in a source, at its place.
type Fault struct {
	Place string // file:line:column, or a variable
	Err   error
}

func (f *Fault) Error() string { return f.Place + ": " + f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

// maxFaults bounds what is told about one source.
const maxFaults = 20

// faults gathers mistakes.
type faults struct {
	list []error
	more int
}

func (f *faults) add(place string, format string, args ...any) {
	if len(f.list) >= maxFaults {
		f.more++
		return
	}
	f.list = append(f.list, &Fault{place, fmt.Errorf(format, args...)})
}

func (f *faults) err(source string) error {
	list := f.list
	if f.more > 0 {
		list = append(slices.Clip(list), fmt.Errorf("%s: and %d more", source, f.more))
	}
	return errors.Join(list...)
}
