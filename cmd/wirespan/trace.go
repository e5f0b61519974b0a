package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"

	"github.com/spf13/cobra"
)

// traceOptions are the flags of trace.
type traceOptions struct {
	ask      askFlags
	json     bool
	otlp     bool
	why      bool
	from, to string
	color    string
}

func newTrace() *cobra.Command {
	o := &traceOptions{}
	cmd := &cobra.Command{
		Use:   "trace ID",
		Short: "show a trace of a server or a store",
		Long: `Shows a trace as it is assembled from the spans of all agents and SDKs that a
running wirespan serve, or a store on disk, has by now. ID is that of the trace, of
one of its spans, or a request ID that one of its requests carries.

Exit status: 0 found, 1 not found, 2 wrong usage, 3 server or store could not be
asked.`,
		Example: `  wirespan trace 4bf92f3577b34da6a3ce929d0e0e4736
  wirespan trace --why 7f3a9c5e1b2d4f60
  wirespan trace --otlp 4bf92f3577b34da6a3ce929d0e0e4736 >trace.json
  wirespan search error --json --limit 1 | jq -r .trace_id | xargs wirespan trace`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runTrace(cmd.Context(), o, args[0]) },
	}
	f := cmd.Flags()
	o.ask.add(f)
	f.BoolVar(&o.json, "json", false, "print the tree as the API has it, with the reason of every edge")
	f.BoolVar(&o.otlp, "as-otlp", false, "print OTLP JSON, with the parents of the tree")
	f.BoolVar(&o.why, "why", false, "say why every span hangs where it does, what else could have been its parent, and more of each")
	f.StringVar(&o.from, "from", "", "look for spans of ID that start at `TIME` or later (RFC 3339, seconds since 1970, or -15m)")
	f.StringVar(&o.to, "to", "", "look for spans of ID that start before `TIME`")
	f.StringVar(&o.color, "color", "auto", "`WHEN` auto, always or never")
	return cmd
}

func runTrace(ctx context.Context, o *traceOptions, id string) (err error) {
	params, err := o.params(id)
	if err != nil {
		return usage(err)
	}
	q, err := o.ask.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := q.close(); e != nil && err == nil {
			err = &statusError{exitUnask, e}
		}
	}()
	b, err := q.get(ctx, "traces/"+id, params)
	if err != nil {
		return err
	}
	if _, err := os.Stdout.Write(b); err != nil {
		return &statusError{exitUnask, err}
	}
	return nil
}

// params are those of the request.
func (o *traceOptions) params(id string) (url.Values, error) {
	c, err := lookOf(o.color)
	if err != nil {
		return nil, err
	}
	p := url.Values{}
	for name, v := range map[string]string{"from": o.from, "to": o.to} {
		if v != "" {
			p.Set(name, relative(v))
		}
	}
	switch {
	case id == "" || id == "." || id == "..":
		return nil, errors.New("ID is empty")
	case o.json && o.otlp:
		return nil, errors.New("--json and --as-otlp exclude each other")
	case o.json:
		p.Set("format", "json")
		return p, nil
	case o.otlp:
		p.Set("format", "otlp")
		return p, nil
	}
	p.Set("format", "tree")
	p.Set("why", strconv.FormatBool(o.why))
	p.Set("color", strconv.FormatBool(c.Color))
	p.Set("ascii", strconv.FormatBool(c.ASCII))
	if c.Whole {
		p.Set("width", "0")
	} else if c.Width > 0 {
		p.Set("width", strconv.Itoa(min(max(c.Width, 40), 1000)))
	}
	return p, nil
}
