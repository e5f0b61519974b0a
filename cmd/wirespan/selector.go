package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
)

// newSelector makes the choice of spans that --where, --id, --from and --to
// ask for; nil if they ask for all.
func newSelector(o *options, keys *span.Keys) (func(*span.Span) bool, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	var errs []error
	for _, t := range []struct {
		flag, text string
		into       *int64
	}{{"--from", o.from, &from}, {"--to", o.to, &to}} {
		if t.text == "" {
			continue
		}
		v, err := parseTime(t.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.flag, err))
		}
		*t.into = v
	}
	var expr *query.Expr
	if o.where != "" {
		var err error
		if expr, err = query.Parse(o.where, keys); err != nil {
			errs = append(errs, whereError(err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if expr != nil {
		tellAbsent(os.Stderr, expr)
	}
	if expr == nil && o.from == "" && o.to == "" && len(o.placing.taps) == 0 {
		return nil, nil
	}
	return func(s *span.Span) bool {
		return s.Start >= from && s.Start < to && (expr == nil || expr.Match(s)) && seenAt(s, o.placing.taps)
	}, nil
}

// seenAt reports whether a span is of one of the capture points of --tap; none
// are all.
func seenAt(s *span.Span, taps []string) bool {
	if len(taps) == 0 {
		return true
	}
	at, ok := s.Attrs.Find(span.KeyCapturePoint)
	return ok && slices.Contains(taps, string(at.Str))
}

// tellAbsent warns of attributes that no span will have. It is no error: what an
// expression asks of spans of other programs is asked of ours, too.
func tellAbsent(w io.Writer, e *query.Expr) {
	for _, a := range e.Absent() {
		fmt.Fprintf(w, "wirespan: --where: no span has %q", a.Name)
		if a.Near != "" {
			fmt.Fprintf(w, "; did you mean %q?", a.Near)
		}
		fmt.Fprintln(w)
	}
}

// whereError shows the place of a fault in the expression.
func whereError(err error) error {
	var se *query.SyntaxError
	if errors.As(err, &se) {
		return fmt.Errorf("--where: %w\n%s", err, se.Render())
	}
	return fmt.Errorf("--where: %w", err)
}
