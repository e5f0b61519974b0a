package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
)

// schemaID names the JSON Schema of the configuration file.
const schemaID = "https://github.com/wirespan/wirespan/blob/main/docs/configuration.schema.json"

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "print or check the configuration",
		Long: `Every flag is also a key of the configuration file and an environment variable:
--link-memory is link.memory and WIRESPAN_LINK_MEMORY. The command line wins over
the environment, that over the file, that over the default.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigPrint(), newConfigCheck(), newConfigSchema())
	return cmd
}

func newConfigPrint() *cobra.Command {
	var defaults, sources bool
	cmd := &cobra.Command{
		Use:   "print [COMMAND] [-- FLAGS]",
		Short: "print the effective configuration of a command (default: of all)",
		Long: `Prints the configuration that a command would run with, as a file that --config
takes, and where values come from. Secrets are masked. Flags behind -- count as
given to the command.`,
		Example: `  wirespan config print live
  wirespan config print live --sources -- --link-memory 64MiB
  wirespan config print --defaults > wirespan.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			comments := config.OnChanged
			if sources {
				comments = config.OnSources
			}
			flags, args := flagsBehind(cmd, args)
			return printConfig(cmd, args, flags, defaults, comments)
		},
	}
	cmd.Flags().BoolVar(&defaults, "defaults", false, "print the defaults with what each key is for")
	cmd.Flags().BoolVar(&sources, "sources", false, "say of every value where it comes from, and what it overrides")
	cmd.MarkFlagsMutuallyExclusive("defaults", "sources")
	return cmd
}

// flagsBehind takes what stands behind -- from the arguments.
func flagsBehind(cmd *cobra.Command, args []string) (flags, rest []string) {
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		return args[n:], args[:n]
	}
	return nil, args
}

func printConfig(cmd *cobra.Command, args, flags []string, defaults bool, c config.Comments) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("config print: want one command, have %s", strings.Join(args, ", ")))
	}
	name := ""
	if len(args) == 1 {
		name = args[0]
	}
	commands := configCommands()
	i := slices.IndexFunc(commands, func(c config.Command) bool { return c.Name == name })
	if i < 0 && (name != "" || len(flags) > 0) {
		return usage(fmt.Errorf("config print %q: want one of %s", name, namesOf(commands)))
	}
	look := name
	if look == "" {
		look = services[0]
	}
	st, err := newConfigState(cmd, look)
	if err != nil {
		return usage(err)
	}
	if i >= 0 {
		if err := commands[i].Flags.Parse(flags); err != nil {
			return usage(err)
		}
		st.given = st.keys.Given(commands[i].Flags)
	}
	var s *config.Settings
	if defaults {
		s, err = st.keys.Load(config.Sources{})
		c = config.OnMeaning
	} else {
		s, err = st.load()
	}
	if err != nil {
		return usage(err)
	}
	return s.Print(cmd.OutOrStdout(), name, c)
}

func namesOf(commands []config.Command) string {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

func newConfigCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE...]",
		Short: "check configuration files",
		Long: `Checks files: every key must be known to some command, every value must be one
that its flag takes. Mistakes are told with file, line and column, and the exit
status is 2. Without FILE it checks what live would read, the environment
included.`,
		RunE: checkConfig,
	}
}

func checkConfig(cmd *cobra.Command, files []string) error {
	st, err := newConfigState(cmd, services[0])
	if err != nil {
		return usage(err)
	}
	if len(files) == 0 {
		return checkSources(cmd, st)
	}
	bad := false
	for _, f := range files {
		s, err := st.keys.Load(config.Sources{File: f})
		if err != nil {
			bad = true
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, no mistake\n", f, countOf(uint64(s.Count()), "key"))
	}
	if bad {
		return &statusError{status: exitUsage}
	}
	return nil
}

// checkSources checks what a service would read.
func checkSources(cmd *cobra.Command, st *configState) error {
	s, err := st.load()
	if err != nil {
		return usage(err)
	}
	for _, w := range s.Warnings {
		fmt.Fprintln(os.Stderr, w)
	}
	file := s.File
	if file == "" {
		file = "no file"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d keys with the environment, no mistake\n", file, s.Count())
	return nil
}

func newConfigSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of the configuration file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := collectKeys()
			if err != nil {
				return err
			}
			b, err := keys.Schema(schemaID)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", b)
			return err
		},
	}
}
