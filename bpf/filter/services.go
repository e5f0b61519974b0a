package filter

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxNames bounds the entries that are kept of one file of names.
const maxNames = 100_000

// ParseServices reads a file in the form of /etc/services (services(5)), to
// make a Resolver of. Lines that are not in the form are passed over, as the C
// library does.
func ParseServices(r io.Reader) (map[string]Service, error) {
	services := make(map[string]Service)
	err := eachEntry(r, func(names []string, value string) {
		number, transport, ok := strings.Cut(value, "/")
		port, err := strconv.ParseUint(number, 10, 16)
		if !ok || err != nil {
			return
		}
		for _, name := range names {
			s, known := services[name]
			if known && s.Port != uint16(port) || !known && len(services) >= maxNames {
				continue // the first number counts
			}
			s.Port = uint16(port)
			switch transport {
			case "tcp":
				s.TCP = true
			case "udp":
				s.UDP = true
			case "sctp":
				s.SCTP = true
			default:
				continue
			}
			services[name] = s
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	return services, nil
}

// ParseProtocols reads a file in the form of /etc/protocols (protocols(5)).
func ParseProtocols(r io.Reader) (map[string]uint8, error) {
	protocols := make(map[string]uint8)
	err := eachEntry(r, func(names []string, value string) {
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil {
			return
		}
		for _, name := range names {
			if _, known := protocols[name]; !known && len(protocols) < maxNames {
				protocols[name] = uint8(n)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read protocols: %w", err)
	}
	return protocols, nil
}

// eachEntry calls entry for every "name value alias ..." line.
func eachEntry(r io.Reader, entry func(names []string, value string)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		f := strings.Fields(text)
		if len(f) < 2 {
			continue
		}
		entry(append([]string{f[0]}, f[2:]...), f[1])
	}
	return lines.Err()
}
