package names

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxFaults bounds the faults that are told of one file.
const maxFaults = 20

// columns are the names by which the first line of a CSV file may call them.
var columns = map[string]string{
	"address": "address", "addr": "address", "ip": "address", "ip_address": "address", "cidr": "address",
	"network": "address", "prefix": "address", "subnet": "address",
	"port": "port", "name": "service", "service": "service", "service.name": "service", "service_name": "service",
	"namespace": "namespace", "service.namespace": "namespace", "host": "host", "hostname": "host", "host.name": "host",
	"vlan": "vlan", "vni": "vni",
}

// ReadCSV reads rules as a spreadsheet or an inventory exports them (RFC
// 4180). The first line may name the columns: address (or ip, cidr, network),
// name (or service), and port, namespace, host, vlan, vni; other columns are
// passed over. Without such a line they are address and name. Lines that begin
// with '#' are comments; a semicolon or tab may separate, if the first line
// has no comma. Every fault is told with its line; file is the name to tell.
func ReadCSV(r io.Reader, file string) ([]Rule, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", file, maxFile)
	}
	c := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	c.Comment, c.FieldsPerRecord, c.TrimLeadingSpace = '#', -1, true
	c.Comma = separator(string(text))
	f := faults{file: file}
	var rules []Rule
	var head []string
	for !f.full() {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			f.add(bad.Line, bad.Err)
			break // what follows an open quote is no line
		} else if err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		line, _ := c.FieldPos(0)
		if head == nil {
			if head = header(rec); head != nil {
				if !slices.Contains(head, "service") {
					f.add(line, errors.New("no column is called name or service"))
					break
				}
				continue
			}
			head = []string{"address", "service"}
		}
		rule, err := ruleOf(head, rec)
		if err != nil {
			f.add(line, err)
			continue
		}
		if rules = append(rules, rule); len(rules) > MaxRules {
			return nil, fmt.Errorf("%s: %w", file, errTooMany)
		}
	}
	return rules, f.err()
}

// separator guesses what stands between the fields of the first line.
func separator(text string) rune {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		switch {
		case strings.Contains(line, ","):
		case strings.Contains(line, ";"):
			return ';'
		case strings.Contains(line, "\t"):
			return '\t'
		}
		break
	}
	return ','
}

// header returns the columns if a line names that of the address, nil if it is
// a rule.
func header(rec []string) []string {
	head := make([]string, len(rec))
	for i, s := range rec {
		head[i] = columns[strings.ToLower(strings.TrimSpace(s))]
	}
	if _, err := ParsePattern(strings.TrimSpace(rec[0])); err == nil || !slices.Contains(head, "address") {
		return nil
	}
	return head
}

// ruleOf makes a rule of the fields of a line.
func ruleOf(head, rec []string) (Rule, error) {
	f := make(map[string]string, len(head))
	for i, s := range rec {
		if i < len(head) && head[i] != "" {
			f[head[i]] = strings.TrimSpace(s)
		}
	}
	pattern := f["address"]
	if pattern == "" {
		return Rule{}, errors.New("the address is empty")
	}
	if f["port"] != "" {
		if strings.Contains(pattern, ":") && !strings.HasPrefix(pattern, "[") {
			pattern = "[" + pattern + "]"
		}
		pattern += ":" + f["port"]
	}
	for _, k := range [...]string{"vlan", "vni"} {
		if f[k] != "" {
			pattern += "@" + k + f[k]
		}
	}
	p, err := ParsePattern(pattern)
	if err != nil {
		return Rule{}, err
	}
	r := Rule{p, Entry{Service: f["service"], Namespace: f["namespace"], Host: f["host"]}}
	return r, r.Entry.check()
}

// faults collects what is wrong with a file.
type faults struct {
	file string
	list []error
}

func (f *faults) add(line int, err error) {
	f.list = append(f.list, fmt.Errorf("%s:%d: %w", f.file, line, err))
}

func (f *faults) full() bool { return len(f.list) >= maxFaults }

func (f *faults) err() error { return errors.Join(f.list...) }
