package ids

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wirespan/wirespan/l7"
)

// maxFields bounds the fields of one kind that can be configured.
const maxFields = 32

// maxFieldValues bounds the values that one message may give for one field.
const maxFieldValues = 4

// MaxBody is how many bytes at the beginning of a body are searched for fields.
const MaxBody = 4 << 10

// Add adds what a user writes: X-Name or header:X-Name for a header, property or
// key of a comment, query:NAME for a parameter of a query, form:NAME for a field
// of a form, json:$.a.b for a member of a JSON body, and sql:NAME for a key in
// SQL comments only.
func (c *Config) Add(rule string) error {
	kind, name, placed := strings.Cut(rule, ":")
	if !placed {
		kind, name = "header", rule
	}
	list := map[string]*[]string{"header": &c.RequestIDs, "query": &c.Query, "form": &c.Form, "json": &c.JSON, "sql": &c.SQL}[kind]
	switch {
	case list == nil:
		return fmt.Errorf("%q: want a header, or header:, query:, form:, json: or sql: and a name", rule)
	case name == "":
		return fmt.Errorf("%q: name is missing", rule)
	}
	*list = append(*list, name)
	return nil
}

// validateFields reports the faults of the fields that are no headers.
func (c Config) validateFields() error {
	var errs []error
	for _, l := range []struct {
		key  string
		list []string
	}{{"query", c.Query}, {"form", c.Form}, {"json", c.JSON}, {"sql", c.SQL}} {
		if len(l.list) > maxFields {
			errs = append(errs, fmt.Errorf("%s: more than %d fields", l.key, maxFields))
		}
		for _, n := range l.list {
			switch {
			case n == "":
				errs = append(errs, fmt.Errorf("%s: empty name", l.key))
			case len(n) > 2*maxName:
				errs = append(errs, fmt.Errorf("%s: %q is longer than %d bytes", l.key, n, 2*maxName))
			}
		}
	}
	for _, p := range c.JSON {
		if _, err := parsePath(p); err != nil {
			errs = append(errs, fmt.Errorf("json: %w", err))
		}
	}
	return errors.Join(errs...)
}

// fields are those of a Matcher that lie elsewhere than in headers.
type fields struct {
	query, form [][]byte
	sql         []string // folded
	json        []path
}

func newFields(c *Config) (f fields) {
	for _, n := range c.Query {
		f.query = append(f.query, []byte(n))
	}
	for _, n := range c.Form {
		f.form = append(f.form, []byte(n))
	}
	for _, n := range c.SQL {
		f.sql = append(f.sql, fold(n))
	}
	for _, p := range c.JSON {
		if p, err := parsePath(p); err == nil {
			f.json = append(f.json, p)
		}
	}
	return f
}

// MatchSQL classifies a key in a comment of an SQL text that Match does not know.
func (m *Matcher) MatchSQL(key []byte) l7.IDClass {
	for _, n := range m.fields.sql {
		if equal(key, n) {
			return l7.IDUser
		}
	}
	return l7.IDNone
}

// Query adds the fields in the query of a request target. Values that are
// percent-encoded are decoded into buf, which is returned.
func (m *Matcher) Query(target []byte, msg *l7.Message, buf []byte) []byte {
	if len(m.fields.query) == 0 {
		return buf
	}
	for i, c := range target {
		if c == '?' {
			return pairs(target[i+1:], m.fields.query, false, msg, buf)
		}
	}
	return buf
}
