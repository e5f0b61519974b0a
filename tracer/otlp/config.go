package otlp

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Scope is the name of the instrumentation scope of every span.
const Scope = "github.com/wirespan/wirespan"

// MaxSpansPerLine bounds what a File keeps before it writes.
const MaxSpansPerLine = 1 << 16

// Attribute is a constant string attribute.
type Attribute struct{ Key, Value string }

// Config is what every message says beside the spans.
type Config struct {
	Version      string      // of the scope; may be empty
	Resource     []Attribute // follow service.name and service.instance.id in every resource: wirespan.agent, host.name
	SpansPerLine int         // spans per line or message of a File
}

// Default has no constant attributes and 256 spans per line.
func Default() Config { return Config{SpansPerLine: 256} }

// Validate reports every fault.
func (c Config) Validate() error {
	var errs []error
	if c.SpansPerLine < 1 || c.SpansPerLine > MaxSpansPerLine {
		errs = append(errs, fmt.Errorf("otlp.spans_per_line: %d is not between 1 and %d", c.SpansPerLine, MaxSpansPerLine))
	}
	if !utf8.ValidString(c.Version) {
		errs = append(errs, errors.New("otlp.version: not valid UTF-8"))
	}
	seen := map[string]bool{"service.name": true, "service.instance.id": true}
	for _, a := range c.Resource {
		switch {
		case a.Key == "":
			errs = append(errs, errors.New("otlp.resource: empty key"))
		case seen[a.Key]:
			errs = append(errs, fmt.Errorf("otlp.resource: %q is given twice or belongs to each span", a.Key))
		case !utf8.ValidString(a.Key + a.Value):
			errs = append(errs, fmt.Errorf("otlp.resource: %q is not valid UTF-8", a.Key))
		}
		seen[a.Key] = true
	}
	return errors.Join(errs...)
}
