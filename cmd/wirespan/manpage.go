package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan makes the hidden command that prints the manual page; packages ship
// what it prints.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "print the manual page, wirespan(1)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeManual(cmd.OutOrStdout(), cmd.Root())
		},
	}
}

// writeManual writes one page for all commands in man(7)'s macros. It carries no
// date, so that two builds are equal.
func writeManual(w io.Writer, root *cobra.Command) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, ".TH WIRESPAN 1 \"\" \"wirespan %s\" \"User Commands\"\n", roff(version))
	fmt.Fprintf(b, ".SH NAME\nwirespan \\- %s\n", roff(root.Short))
	fmt.Fprint(b, ".SH SYNOPSIS\n")
	commands := visible(root)
	for _, c := range commands {
		fmt.Fprintf(b, ".B %s\n%s\n.br\n", roff(c.CommandPath()), roffLine(strings.TrimPrefix(strings.TrimPrefix(c.UseLine(), c.CommandPath()), " ")))
	}
	for _, c := range commands {
		manualOf(b, c)
	}
	if g := root.PersistentFlags(); g.HasAvailableFlags() {
		fmt.Fprint(b, ".SH ALL COMMANDS\n")
		g.VisitAll(func(f *pflag.Flag) { manualOfFlag(b, f) })
	}
	fmt.Fprint(b, ".SH FILES\n.TP\n.I /etc/wirespan/wirespan.yaml\nconfiguration of the service\n.TP\n.I /var/lib/wirespan\nrecordings of the service\n")
	fmt.Fprint(b, ".SH SEE ALSO\n.BR tcpdump (1),\n.BR pcap-filter (7),\n.BR capabilities (7)\n.PP\nThe manual is in\n.I /usr/share/doc/wirespan\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write manual page: %w", err)
	}
	return nil
}

// visible lists the commands that do something, in the order of the help.
func visible(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		if sub.Runnable() {
			out = append(out, sub)
		}
		out = append(out, visible(sub)...)
	}
	return out
}

// manualOf writes the section of one command.
func manualOf(b *bufio.Writer, c *cobra.Command) {
	fmt.Fprintf(b, ".SH %s\n", strings.ToUpper(roff(c.CommandPath())))
	text := c.Long
	if text == "" {
		text = c.Short
	}
	for i, par := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			fmt.Fprint(b, ".PP\n")
		}
		for line := range strings.Lines(par) {
			fmt.Fprintln(b, roffLine(strings.TrimSpace(line)))
		}
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { manualOfFlag(b, f) })
	if c.Example != "" {
		fmt.Fprint(b, ".PP\nExamples:\n.PP\n.nf\n")
		for line := range strings.Lines(c.Example) {
			fmt.Fprintln(b, roffLine(strings.TrimRight(line, "\n")))
		}
		fmt.Fprint(b, ".fi\n")
	}
}

// manualOfFlag writes one flag with its default.
func manualOfFlag(b *bufio.Writer, f *pflag.Flag) {
	if f.Hidden || f.Name == "help" {
		return
	}
	value, usage := pflag.UnquoteUsage(f)
	name := "\\-\\-" + roff(f.Name)
	if f.Shorthand != "" {
		name = "\\-" + roff(f.Shorthand) + ", " + name
	}
	fmt.Fprintf(b, ".TP\n\\fB%s\\fR", name)
	if value != "" {
		fmt.Fprintf(b, " \\fI%s\\fR", roff(value))
	}
	switch f.DefValue {
	case "", "[]", "false", "0", "0s":
	default:
		if !strings.Contains(usage, "default") {
			usage += " (default " + f.DefValue + ")"
		}
	}
	fmt.Fprintf(b, "\n%s\n", roffLine(usage))
}

// roff escapes what troff would take for itself.
func roff(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
}

// roffLine escapes a line of text: at its beginning a dot would be a request.
func roffLine(s string) string {
	s = roff(s)
	if strings.HasPrefix(s, ".") {
		return `\&` + s
	}
	return s
}
