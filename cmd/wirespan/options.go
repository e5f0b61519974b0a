package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/names"
)

// options are the flags that several subcommands share.
type options struct {
	out         []string
	otlp        []string
	otlpGzip    bool
	otlpHeaders []string
	sampleRatio float64
	agent       string
	workers     int
	proto       []string
	where       string
	id          []string
	from, to    string
	spans       string
	parent      string
	attributes  string
	quiet       time.Duration
	timeout     time.Duration
	linkMemory  string
	redact      string
	redactNames []string
	requestIDs  []string
	routes      []string
	unmatched   string // routes that match none
	tlsKeyLog   []string
	tlsKey      []string
	secrets     func() [][]byte // key logs that the input brings along; nil if it cannot
	bodies      int
	names       []string
	nameFiles   []string
	all         bool
	verbose     bool
	color       string
	progress    string
	summary     bool
	strict      bool
	program     string
	spansPerLn  int
	profile     string
	live        bool // the input is still being written
	packetsOut  bool // packets go to standard output, so that spans cannot
	paced       bool // it is an interface: nothing upstream of a sink may wait
	spool       func(*os.File) *spool
	env         otelEnv

	// severalAgents says that the input was recorded by several, so that each
	// span has to say by whom.
	severalAgents bool

	// identify opens what else names the ends of connections; nil for captures
	// that are read. labels are those of pods that spans carry.
	identify func(*span.Keys, *names.Map) (*identities, error)
	labels   []string
	watchOptions
	placing  pointFlags
	toServer serverFlags
	keeping  keepFlags
	voice    *voice // what people should know while it runs; nil: stderr
}

func (o *options) add(f *pflag.FlagSet) {
	f.StringArrayVar(&o.out, "out", nil, "write spans as `FORMAT:PATH` (tree, table, ndjson, otlp, otlp-proto, har, chrome, pcapng; - is stdout); repeatable")
	f.StringArrayVar(&o.otlp, "otlp", nil, "export over OTLP to `URL` (http, https, grpc, grpcs); repeatable")
	f.BoolVar(&o.otlpGzip, "otlp-gzip", false, "compress OTLP exports")
	f.StringArrayVar(&o.otlpHeaders, "otlp-header", nil, "`NAME=VALUE` of every OTLP request; repeatable")
	f.Float64Var(&o.sampleRatio, "sample-ratio", 1, "export only this share of the traces, `RATIO` from 0 to 1, chosen by trace id")
	f.StringVar(&o.agent, "agent", "offline", "`NAME` of this instance, part of span ids")
	f.IntVar(&o.workers, "workers", 0, "goroutines that parse (default: one per core)")
	f.StringArrayVar(&o.proto, "proto", nil, "force a protocol by server port, `PORT=NAME` or PORT=off; repeatable")
	f.StringVar(&o.where, "where", "", "show and write only spans that match `EXPR`")
	f.StringArrayVar(&o.id, "id", nil, "only traces that carry `VALUE` as trace, span or request id")
	f.StringVar(&o.from, "from", "", "only spans that start at `TIME` or later (RFC 3339, or seconds since 1970)")
	f.StringVar(&o.to, "to", "", "only spans that start before `TIME`")
	f.StringVar(&o.spans, "spans", "", "`MODE` single (one span per exchange and capture point) or pair (a CLIENT and a SERVER span); default single for --out, pair for --otlp")
	f.StringVar(&o.parent, "parent", "auto", "whose parent is exported when the wire carries a context: `MODE` auto, own or wire")
	f.StringVar(&o.attributes, "attributes", "all", "`SET` all, or core: without sequence numbers, phases, flow addresses and evidence")
	f.DurationVar(&o.quiet, "quiet", time.Second, "a trace leaves when nothing joined it for so long (packet time)")
	f.DurationVar(&o.timeout, "request-timeout", 30*time.Second, "a request without response for so long is unanswered")
	f.StringVar(&o.linkMemory, "link-memory", "32MiB", "`SIZE` of what may wait for its trace to end")
	f.StringVar(&o.redact, "redact", "on", "`MODE` on or off: credentials in queries, headers and bodies")
	f.StringArrayVar(&o.redactNames, "redact-name", nil, "also redact the value of this parameter or key; repeatable")
	f.StringArrayVar(&o.requestIDs, "request-id", nil, "also take this `FIELD` for a request ID: a header (X-Serial), or query:, form:, json: or sql: and a name (json:$.head.serial); repeatable")
	f.StringArrayVar(&o.routes, "routes-pattern", nil, "the path of a request that matches `PATTERN` is named by it, and has it as http.route: /users/{name}/orders, /static/*; repeatable")
	f.StringVar(&o.unmatched, "routes-unmatched", "heuristic", "http.route of a path that matches no pattern: `MODE` heuristic (the path with {id} for what looks like an id) or unset")
	f.StringArrayVar(&o.tlsKeyLog, "tls-keylog", nil, "decipher TLS with the secrets in `FILE` (SSLKEYLOGFILE format), followed while it is written; repeatable")
	f.StringArrayVar(&o.tlsKey, "tls-key", nil, "decipher TLS whose secrets were enciphered to the RSA private key in `FILE` (PEM); repeatable")
	f.IntVar(&o.bodies, "bodies", 4096, "`BYTES` of each body to keep, 0 none")
	f.StringArrayVar(&o.names, "name", nil, "service name of an address, prefix or port, `WHERE=NAME`: 10.0.0.5=web, 10.0.0.0/8:5432=databases; repeatable")
	f.StringArrayVar(&o.nameFiles, "names", nil, "service names from `FILE` (.csv or .yaml); repeatable")
	f.BoolVar(&o.all, "all", false, "print every trace, also of large inputs")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "say why spans are linked, and more")
	f.StringVar(&o.color, "color", "auto", "`WHEN` auto, always or never")
	f.StringVar(&o.progress, "progress", "auto", "`WHEN` auto, always or never: a progress bar on stderr")
	f.BoolVar(&o.summary, "summary", true, "print a summary on stderr at the end")
	f.BoolVar(&o.strict, "strict", false, "exit with status 1 when anything was lost")
	f.StringVar(&o.program, "filter-program", "", "filter packets by the program in `FILE`, as tcpdump -ddd prints it")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile to `FILE`")
	f.IntVar(&o.spansPerLn, "spans-per-line", 256, "spans in one line or message of otlp outputs")
	o.toServer.add(f)
	o.keeping.add(f)
	o.watchOptions.add(f)
}

// parseSize reads "32MiB", "64k" and the like.
func parseSize(s string) (int, error) {
	i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	num, unit := s, ""
	if i >= 0 {
		num, unit = s[:i], strings.ToLower(strings.TrimSpace(s[i:]))
	}
	v, err := strconv.ParseFloat(num, 64)
	if err != nil {
		return 0, fmt.Errorf("parse size %q: want a number and a unit, as 32MiB", s)
	}
	shift, ok := map[string]int{"": 0, "b": 0, "k": 10, "kb": 10, "kib": 10, "m": 20, "mb": 20, "mib": 20, "g": 30, "gb": 30, "gib": 30}[unit]
	if !ok {
		return 0, fmt.Errorf("parse size %q: unit %q is not known; want B, KiB, MiB or GiB", s, unit)
	}
	return int(v * float64(int64(1)<<shift)), nil
}

// sizeOf reads the size that a flag says.
func sizeOf(flag, text string) (int, error) {
	n, err := parseSize(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", flag, err)
	}
	return n, nil
}

// parseTime reads a point in time as nanoseconds since 1970.
func parseTime(s string) (int64, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return int64(f * 1e9), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("parse time %q: want RFC 3339, as 2026-01-02T15:04:05Z, or seconds since 1970", s)
}

// unknownProto suggests the protocol that may have been meant.
func unknownProto(name string, known []string) error {
	if near := config.Nearest(name, known); near != "" {
		return fmt.Errorf("protocol %q is not known, did you mean %q?", name, near)
	}
	return fmt.Errorf("protocol %q is not known; wirespan doctor --protocols lists them", name)
}

// parseForce reads --proto.
func parseForce(list []string) (map[uint16]string, error) {
	m := make(map[uint16]string)
	known := []string{engine.Off}
	for _, p := range all.Protos() {
		known = append(known, p.Name)
	}
	var errs []error
	for _, s := range list {
		port, name, ok := strings.Cut(s, "=")
		n, err := strconv.ParseUint(port, 10, 16)
		if !ok || err != nil || name == "" {
			errs = append(errs, fmt.Errorf("--proto %q: want PORT=NAME or PORT=off", s))
			continue
		}
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("--proto %q: %w", s, unknownProto(name, known)))
			continue
		}
		m[uint16(n)] = name
	}
	return m, errors.Join(errs...)
}
