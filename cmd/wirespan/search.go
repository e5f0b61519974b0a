package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// searchOptions are the flags of search.
type searchOptions struct {
	ask      askFlags
	list     string
	id, text []string
	from, to string
	limit    int
	all      bool
	json     bool
	color    string
}

func newSearch() *cobra.Command {
	o := &searchOptions{}
	cmd := &cobra.Command{
		Use:   "search [QUERY]",
		Short: "find traces in a server or a store",
		Long: `Finds traces that have a span for which QUERY holds, the latest first, in a running
wirespan serve or in a store on disk. QUERY is what --where of read takes, over
attributes of any program; without it, the latest traces are listed.

Exit status: 0 found, 1 nothing found, 2 wrong usage or QUERY, 3 server or store
could not be asked or did not answer in full.`,
		Example: `  wirespan search 'service = gw and duration > 100ms and status = 5xx'
  wirespan search error --from -15m --list spans
  wirespan search --id 7f3a9c5e1b2d4f60 --json | jq -r .trace_id
  wirespan search --store /var/lib/wirespan/store 'client in 10.0.0.0/8'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runSearch(cmd.Context(), o, args) },
	}
	f := cmd.Flags()
	o.ask.add(f)
	f.StringVar(&o.list, "list", "traces", "`WHAT` is listed, traces or spans")
	f.StringArrayVar(&o.id, "id", nil, "only traces that carry `VALUE` as request ID; repeatable: any of them")
	f.StringArrayVar(&o.text, "text", nil, "only spans with `TEXT` in any text of span or resource; repeatable: all of them")
	f.StringVar(&o.from, "from", "", "only spans that start at `TIME` or later (RFC 3339, seconds since 1970, or -15m)")
	f.StringVar(&o.to, "to", "", "only spans that start before `TIME`")
	f.IntVar(&o.limit, "limit", 20, "list at most `N`")
	f.BoolVar(&o.all, "all", false, "list all, however many there are")
	f.BoolVar(&o.json, "json", false, "print an object of JSON per line, as the API has it")
	f.StringVar(&o.color, "color", "auto", "`WHEN` auto, always or never")
	return cmd
}

// found is a page of an answer.
type found struct {
	Traces   []json.RawMessage `json:"traces"`
	Spans    []json.RawMessage `json:"spans"`
	Next     string            `json:"next"`
	Complete bool              `json:"complete"`
	Limits   []string          `json:"limits"`
	Hints    []string          `json:"hints"`
}

// pageRows is how many rows are asked for at a time.
const pageRows = 200

func runSearch(ctx context.Context, o *searchOptions, args []string) (err error) {
	params, err := o.params(args)
	if err != nil {
		return usage(err)
	}
	rows, err := o.rows()
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
	n, more, err := o.pages(ctx, q, params, rows)
	switch {
	case err != nil:
		return err
	case n == 0 && !more:
		fmt.Fprintf(os.Stderr, "wirespan: no %s found\n", o.list)
		return &statusError{status: exitNone}
	case more && o.all:
		return &statusError{exitUnask, errors.New("the answer is not complete")}
	case more:
		fmt.Fprintf(os.Stderr, "wirespan: there are more %s than these; --limit N or --all shows them\n", o.list)
	}
	return nil
}

// params are those of the first request.
func (o *searchOptions) params(args []string) (url.Values, error) {
	p := url.Values{"id": o.id, "text": o.text}
	if text := strings.Join(args, " "); strings.TrimSpace(text) != "" {
		p.Set("q", text)
	}
	for name, v := range map[string]string{"from": o.from, "to": o.to} {
		if v != "" {
			p.Set(name, relative(v))
		}
	}
	switch {
	case o.list != "traces" && o.list != "spans":
		return nil, fmt.Errorf("--list %q: want traces or spans", o.list)
	case o.limit < 1:
		return nil, errors.New("--limit: want at least 1")
	}
	return p, nil
}

// relative takes 15m for what the API calls -15m.
func relative(s string) string {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return "-" + s
	}
	return s
}

// pages asks for page after page, until there is enough. more says that there is
// more than was printed.
func (o *searchOptions) pages(ctx context.Context, q *asker, params url.Values, rows rowPrinter) (n int, more bool, err error) {
	told := map[string]bool{}
	for {
		want := pageRows
		if !o.all {
			want = min(want, o.limit-n)
		}
		params.Set("limit", strconv.Itoa(want))
		b, err := q.get(ctx, o.list, params)
		if err != nil {
			return n, false, err
		}
		var f found
		if err := json.Unmarshal(b, &f); err != nil {
			return n, false, &statusError{exitUnask, fmt.Errorf("read the answer of %s: %w", q.name, err)}
		}
		tell(told, f.Limits)
		tell(told, f.Hints)
		list := append(f.Traces, f.Spans...)
		if len(list) > 0 {
			if err := rows.print(list); err != nil {
				return n, false, &statusError{exitUnask, err}
			}
		}
		n += len(list)
		switch {
		case f.Next == "":
			return n, false, nil
		case !o.all && n >= o.limit, len(list) == 0 && f.Next == params.Get("cursor"):
			return n, true, nil
		}
		params.Set("cursor", f.Next)
	}
}

// tell says what people should know of an answer, once.
func tell(told map[string]bool, list []string) {
	for _, l := range list {
		if !told[l] {
			told[l] = true
			fmt.Fprintf(os.Stderr, "wirespan: %s\n", harmless(l))
		}
	}
}
