package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
)

// flagError says in people's words what is wrong with a flag; pflag says it in
// those of Go's parsers.
func flagError(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value):
		f := value.GetFlag()
		if want := config.Wants(f.Value.Type()); want != "" {
			return usage(fmt.Errorf("%s %q: want %s", flagName(f), value.GetValue(), want))
		}
		return usage(fmt.Errorf("%s: %w", flagName(f), value.Unwrap()))
	case errors.As(err, &missing):
		f := missing.GetFlag()
		text, _ := pflag.UnquoteUsage(f)
		if want := config.Wants(f.Value.Type()); want != "" {
			text = want
		}
		return usage(fmt.Errorf("%s needs a value: %s", flagName(f), text))
	case errors.As(err, &unknown):
		return usage(unknownFlag(cmd, unknown))
	}
	return usage(err)
}

// flagName is a flag as the help lists it.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "--" + f.Name
}

// unknownFlag suggests the flag that may have been meant.
func unknownFlag(cmd *cobra.Command, e *pflag.NotExistError) error {
	name := e.GetSpecifiedName()
	if e.GetSpecifiedShortnames() != "" {
		return fmt.Errorf("unknown flag -%s; %s --help lists all", name, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := config.Nearest(name, names); near != "" {
		return fmt.Errorf("unknown flag --%s, did you mean --%s?", name, near)
	}
	return fmt.Errorf("unknown flag --%s; %s --help lists all", name, cmd.CommandPath())
}
