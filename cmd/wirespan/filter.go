package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
)

// filterOptions are the flags of filter.
type filterOptions struct {
	form    int // 1 listing, 2 C, 3 numbers
	link    string
	live    bool
	snaplen uint32
	netmask string
	file    string
}

func newFilter() *cobra.Command {
	o := &filterOptions{}
	cmd := &cobra.Command{
		Use:   "filter [-d|-dd|-ddd] [EXPRESSION]",
		Short: "compile a pcap filter and print its program",
		Long: `Compiles an expression in the language of pcap-filter(7) to classic BPF and
prints the program as tcpdump -d, -dd and -ddd do.

Link types: ` + strings.Join(linkNames(), ", ") + `, or a number.`,
		Example: `  wirespan filter -d 'tcp port 80 or 443'
  wirespan filter -ddd -y LINUX_SLL2 'host 10.0.0.1' >web.bpf
  wirespan filter -d --live 'vlan 100 and tcp'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runFilter(cmd.OutOrStdout(), o, args)
		},
	}
	f := cmd.Flags()
	f.CountVarP(&o.form, "dump", "d", "print as a listing; -dd as C, -ddd as decimal numbers")
	f.StringVarP(&o.link, "linktype", "y", "EN10MB", "`LINK` type of the frames")
	f.BoolVar(&o.live, "live", false, "for a packet socket: the VLAN tag is beside the frame")
	f.Uint32VarP(&o.snaplen, "snaplen", "s", filter.DefaultSnaplen, "`BYTES` to keep of a packet that matches")
	f.StringVar(&o.netmask, "netmask", "0.0.0.0", "network `MASK` of the interface, for ip broadcast")
	f.StringVarP(&o.file, "filter-file", "F", "", "read the expression from `FILE` (- is standard input)")
	return cmd
}

// runFilter compiles and prints.
func runFilter(w io.Writer, o *filterOptions, args []string) error {
	link, err := parseLink(o.link)
	if err != nil {
		return usage(err)
	}
	mask, err := parseNetmask(o.netmask)
	if err != nil {
		return usage(err)
	}
	text, err := filterText(o.file, args)
	if err != nil {
		return usage(err)
	}
	program, err := filter.Compile(text, filter.Options{
		Link: link, Snaplen: o.snaplen, Live: o.live, Netmask: mask, Resolver: newResolver().functions(),
	})
	if err != nil {
		return usage(fmt.Errorf("filter: %w", err))
	}
	switch o.form {
	case 0, 1:
		return program.WriteListing(w)
	case 2:
		return program.WriteC(w)
	}
	return program.WriteDecimal(w)
}

// filterText is the expression of a file or of the command line.
func filterText(file string, args []string) (string, error) {
	if file == "" {
		return strings.Join(args, " "), nil
	}
	if len(args) > 0 {
		return "", errors.New("a filter is given both by -F and by words")
	}
	const most = 1 << 20
	in := io.Reader(os.Stdin)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("open filter: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return "", fmt.Errorf("read filter %s: %w", file, err)
	}
	return string(b), nil
}

// parseLink reads a link type by tcpdump's name or by number.
func parseLink(s string) (capture.LinkType, error) {
	for _, t := range filter.Links() {
		if strings.EqualFold(s, filter.LinkName(t)) || strings.EqualFold(s, "DLT_"+filter.LinkName(t)) {
			return t, nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("link type %q: want one of %s, or a number", s, strings.Join(linkNames(), ", "))
	}
	return capture.LinkType(n), nil
}

func linkNames() []string {
	var names []string
	for _, t := range filter.Links() {
		names = append(names, filter.LinkName(t))
	}
	return names
}
