package config

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// MaxFile bounds a configuration file.
const MaxFile = 1 << 20

// Sources are where Load reads.
type Sources struct {
	File     string                     // empty: none
	Environ  func() []string            // NAME=VALUE, as os.Environ
	Standard func() ([]Standard, error) // nil: none
	Flags    Given                      // of the command line
}

// Standard is a variable of the OpenTelemetry specification that says what a
// key says.
type Standard struct {
	Flag     string
	Items    []string
	Variable string
}

// Settings are the values of all sources.
type Settings struct {
	File     string   // that was read, empty if none
	Content  []byte   // of it
	Warnings []string // likely slips that are no errors

	keys   *Keys
	layers [numSources]map[string]Value // by flag
	values map[string]Value             // merged
}

// Load reads the sources and merges them. The error joins a Fault for every
// mistake in every source; there are no Settings then.
func (k *Keys) Load(src Sources) (*Settings, error) {
	s := &Settings{File: src.File, keys: k}
	merged := koanf.New(".") // keys are flags, which have no dots: nothing nests
	var errs []error
	load := func(of Source, p koanf.Provider, pa koanf.Parser) {
		one := koanf.New(".")
		if err := one.Load(p, pa); err != nil {
			errs = append(errs, err)
			return
		}
		s.layers[of] = valuesOf(one)
		errs = append(errs, merged.Merge(one))
	}
	if src.File != "" {
		f := &file{path: src.File}
		load(OfFile, f, &document{keys: k, file: src.File})
		s.Content = f.content
	}
	if src.Standard != nil {
		list, err := src.Standard()
		errs = append(errs, err)
		load(OfStandard, confmap.Provider(k.standard(list, &errs), ""), nil)
	}
	if src.Environ != nil {
		e := &environment{keys: k}
		load(OfEnvironment, e.provider(src.Environ), nil)
		errs = append(errs, e.faults.err("environment"))
		s.Warnings = e.warnings
	}
	load(OfFlag, confmap.Provider(src.Flags, ""), nil)
	s.values = valuesOf(merged)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// standard takes what the standard variables say.
func (k *Keys) standard(list []Standard, errs *[]error) map[string]any {
	m := make(map[string]any)
	for _, v := range list {
		key := k.byFlag[v.Flag]
		if key == nil {
			continue
		}
		for _, s := range v.Items {
			if err := key.Check(s); err != nil {
				*errs = append(*errs, &Fault{v.Variable, err})
			}
		}
		m[v.Flag] = Value{Items: v.Items, From: OfStandard, Place: v.Variable}
	}
	return m
}

// Given are flags of a command line. It is read only.
type Given map[string]any

// Given takes the flags of a command line that were given, as they are now:
// before Fill, which makes others look like them. pflag has checked their
// types.
func (k *Keys) Given(fs *pflag.FlagSet) Given {
	m := make(Given)
	fs.VisitAll(func(f *pflag.Flag) {
		if key := k.byFlag[f.Name]; key != nil && f.Changed {
			m[f.Name] = Value{Items: itemsOf(f.Value), From: OfFlag, Place: "--" + f.Name}
		}
	})
	return m
}

// valuesOf takes the values out of koanf.
func valuesOf(k *koanf.Koanf) map[string]Value {
	m := make(map[string]Value)
	for flag, v := range k.Raw() {
		if val, ok := v.(Value); ok {
			m[flag] = val
		}
	}
	return m
}

// file gives koanf the bytes of a file, within a bound; koanf's own provider
// has none.
type file struct {
	path    string
	content []byte
}

// ReadBytes meets koanf.Provider.
func (f *file) ReadBytes() ([]byte, error) {
	b, err := readFile(f.path)
	f.content = b
	return b, err
}

// Read is there for koanf.Provider only.
func (f *file) Read() (map[string]any, error) { return nil, errors.ErrUnsupported }

func readFile(path string) ([]byte, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open configuration: %w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	case len(b) > MaxFile:
		return nil, fmt.Errorf("read configuration: %s: longer than %d bytes", path, MaxFile)
	}
	return b, nil
}
