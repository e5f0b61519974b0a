package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

// rig is a program with two commands and flags of all kinds.
type rig struct {
	memory  string
	otlp    []string
	gzip    bool
	headers []string
	names   []string
	workers int
	agent   string
}

func (r *rig) flags(agent string) *pflag.FlagSet {
	f := pflag.NewFlagSet("rig", pflag.ContinueOnError)
	f.StringVar(&r.memory, "link-memory", "32MiB", "`SIZE` of it")
	f.StringArrayVar(&r.otlp, "otlp", nil, "to `URL`")
	f.BoolVar(&r.gzip, "otlp-gzip", false, "compress")
	f.StringArrayVar(&r.headers, "otlp-header", nil, "`NAME=VALUE`")
	f.StringArrayVar(&r.names, "name", nil, "`ADDRESS=NAME`")
	f.IntVar(&r.workers, "workers", 0, "goroutines")
	f.Duration("quiet", 1e9, "wait")
	f.String("redact", "on", "mode")
	f.StringVar(&r.agent, "agent", agent, "who")
	f.String("spans-per-line", "1", "more dashes")
	f.StringP("x", "x", "", "one letter")
	f.Bool("list", false, "an action")
	return f
}

func rules() Rules {
	return Rules{
		"otlp-header": {Secret: true},
		"redact":      {Enum: []string{"on", "off"}, Reload: true},
		"link-memory": {Check: func(v string) error {
			if v == "much" {
				return errors.New("want a size")
			}
			return nil
		}},
		"list": {Action: true},
	}
}

// keysOf collects the keys of the rig: live with its own agent, and read.
func keysOf(t testing.TB) *Keys {
	t.Helper()
	k, err := Collect([]Command{{"live", new(rig).flags("host")}, {"read", new(rig).flags("offline")}}, rules())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// fileOf writes a configuration file.
func fileOf(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func environ(list ...string) func() []string { return func() []string { return list } }
