package main

import (
	"errors"
	"fmt"
	"math"

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
	if expr == nil && o.from == "" && o.to == "" {
		return nil, nil
	}
	return func(s *span.Span) bool {
		return s.Start >= from && s.Start < to && (expr == nil || expr.Match(s))
	}, nil
}

// whereError shows the place of a fault in the expression.
func whereError(err error) error {
	var se *query.SyntaxError
	if errors.As(err, &se) {
		return fmt.Errorf("--where: %w\n%s", err, se.Render())
	}
	return fmt.Errorf("--where: %w", err)
}
