package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
)

// defaultConfig is read when no file is named, by the commands that run as
// services, and only if it is there.
const defaultConfig = "/etc/wirespan/wirespan.yaml"

// serveConfig is that of serve, which means other things by some of the keys.
const serveConfig = "/etc/wirespan/serve.yaml"

// services are the commands that look for defaultConfig. A reader of captures
// does not change with the host it runs on.
var services = []string{"live", "mirror", "serve"}

// unconfigured are the commands whose flags are no settings.
var unconfigured = []string{"config", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd, "help", "man", "version", "filter", "doctor", "bench"}

// withConfig lets all commands take their flags from a file and from the
// environment, too. It comes last in newRoot.
func withConfig(root *cobra.Command) {
	root.PersistentFlags().String("config", "", "read settings from `FILE` (YAML; WIRESPAN_CONFIG; default for live and mirror: "+defaultConfig+", for serve: "+serveConfig+", if it exists)")
	root.PersistentPreRunE = applyConfig
	root.AddCommand(newConfig())
}

// configState is how a command was configured. It hangs on the command's
// context.
type configState struct {
	command  string
	keys     *config.Keys
	settings *config.Settings
	file     string // named, or the default one
	named    bool   // so that it must be there
	given    config.Given
}

// configStateKey is the key of a configState in a context.
type configStateKey struct{}

// applyConfig fills in the flags that the command line does not give.
func applyConfig(cmd *cobra.Command, _ []string) error {
	name := topName(cmd)
	if slices.Contains(unconfigured, name) {
		return nil
	}
	st, err := newConfigState(cmd, name)
	if err != nil {
		return usage(err)
	}
	st.given = st.keys.Given(cmd.Flags())
	if st.settings, err = st.load(); err != nil {
		return usage(err)
	}
	for _, w := range st.settings.Warnings {
		fmt.Fprintf(os.Stderr, "wirespan: %s\n", w)
	}
	if err := st.settings.Fill(cmd.Flags()); err != nil {
		return usage(err)
	}
	cmd.SetContext(context.WithValue(cmd.Context(), configStateKey{}, st))
	return nil
}

// newConfigState finds the keys and the file of a command.
func newConfigState(cmd *cobra.Command, name string) (*configState, error) {
	keys, err := collectKeys()
	if err != nil {
		return nil, err
	}
	st := &configState{command: name, keys: keys}
	if f := cmd.Flags().Lookup("config"); f != nil && f.Changed {
		st.file, st.named = f.Value.String(), true
	} else if v := os.Getenv(config.FileVariable); v != "" {
		st.file, st.named = v, true
	} else if slices.Contains(services, name) {
		if st.file = defaultConfig; name == "serve" {
			st.file = serveConfig
		}
	}
	return st, nil
}

// load reads all sources as they are now.
func (st *configState) load() (*config.Settings, error) {
	src := config.Sources{File: st.file, Environ: os.Environ, Standard: standardSettings, Flags: st.given}
	if !st.named && src.File != "" {
		if _, err := os.Stat(src.File); errors.Is(err, fs.ErrNotExist) {
			src.File = ""
		}
	}
	return st.keys.Load(src)
}

// topName is the name of the subcommand of wirespan that a command is, or
// belongs to.
func topName(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd.Name()
}

// collectKeys makes the keys of all flags of all commands. They are of a root
// of their own, because values are tried on them.
func collectKeys() (*config.Keys, error) {
	return config.Collect(configCommands(), configRules())
}

// configCommands lists the commands that can be configured, services first.
func configCommands() []config.Command {
	var list []config.Command
	for _, c := range newRoot().Commands() {
		if !slices.Contains(unconfigured, c.Name()) {
			list = append(list, config.Command{Name: c.Name(), Flags: c.Flags()})
		}
	}
	rank := func(c config.Command) int {
		if i := slices.Index(services, c.Name); i >= 0 {
			return i
		}
		return len(services)
	}
	slices.SortStableFunc(list, func(a, b config.Command) int { return rank(a) - rank(b) })
	return list
}
