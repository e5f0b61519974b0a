package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/wirespan/wirespan/l7"
)

// protocolLine is a protocol as doctor --protocols lists it.
type protocolLine struct {
	Name       string   `json:"name"`
	Also       []string `json:"also,omitempty"`
	Class      string   `json:"class"`
	Transport  []string `json:"transport"`
	Ports      []uint16 `json:"ports"` // where it is looked for first; it is found by content on any
	Attributes int      `json:"attributes"`
	Depth      string   `json:"depth"`
}

// protocolList makes one line per protocol; what has one name on both
// transports is one.
func protocolList(protos []l7.Proto) []protocolLine {
	var list []protocolLine
	for i := range protos {
		p := &protos[i]
		n := slices.IndexFunc(list, func(l protocolLine) bool { return l.Name == p.Name })
		if n < 0 {
			n = len(list)
			list = append(list, protocolLine{Name: p.Name, Also: p.Also, Class: className(p.Class), Depth: p.Depth})
		}
		l := &list[n]
		for _, name := range transportNames(p.Transport) {
			if !slices.Contains(l.Transport, name) {
				l.Transport = append(l.Transport, name)
			}
		}
		l.Depth = pick(l.Depth == "", p.Depth, l.Depth)
		l.Attributes = max(l.Attributes, len(p.Keys))
		for _, port := range p.Ports {
			if !slices.Contains(l.Ports, port) {
				l.Ports = append(l.Ports, port)
			}
		}
	}
	return list
}

func className(c l7.Class) string {
	switch c {
	case l7.ClassHTTP:
		return "http"
	case l7.ClassRPC:
		return "rpc"
	case l7.ClassDB:
		return "database"
	case l7.ClassMessaging:
		return "messaging"
	case l7.ClassDNS:
		return "dns"
	case l7.ClassTLS:
		return "tls"
	}
	return "other"
}

func transportNames(t l7.Transport) (list []string) {
	if t&l7.TCP != 0 {
		list = append(list, "tcp")
	}
	if t&l7.UDP != 0 {
		list = append(list, "udp")
	}
	if t&l7.ICMP != 0 {
		list = append(list, "icmp")
	}
	return list
}

// printProtocols writes the table.
func printProtocols(w io.Writer, list []protocolLine, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "PROTOCOL\tCLASS\tOVER\tPORTS\tATTRIBUTES\tWHAT IS READ")
	for _, l := range list {
		ports := make([]string, 0, len(l.Ports))
		for _, p := range l.Ports {
			ports = append(ports, strconv.Itoa(int(p)))
		}
		if len(ports) > 4 {
			ports = append(ports[:4], "...")
		}
		name := l.Name
		if len(l.Also) > 0 {
			name += " (" + strings.Join(l.Also, ", ") + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", name, l.Class, strings.Join(l.Transport, ","), strings.Join(ports, ","), l.Attributes, l.Depth)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\nProtocols are found by content, on any port; ports say what is tried first.")
	return err
}
