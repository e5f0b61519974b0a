package main

import (
	"fmt"
	"strconv"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/mirror/point"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/spill"
	"github.com/wirespan/wirespan/tracer/tag"
	"github.com/wirespan/wirespan/tracer/tag/names"
)

// configRules says of the flags what their types do not, so that a mistake in
// the file is told with its line. A flag without a rule is held to its type
// here, and to its meaning by its command.
//
// Reload marks those that a running live, mirror or serve can change
// (docs/configuration.md, "Reload").
func configRules() config.Rules {
	when := config.Rule{Enum: []string{"auto", "always", "never"}}
	size := config.Rule{Check: func(v string) error { return only(parseSize(v)) }}
	sizeOrNone := config.Rule{Check: orNone(size.Check)}
	moment := config.Rule{Check: orNone(func(v string) error { return only(parseTime(v)) })}
	return config.Rules{
		"out":              {Check: func(v string) error { return only(parseOut(v)) }},
		"otlp":             {Check: func(v string) error { return only(otlp.ParseEndpoint(v)) }},
		"otlp-header":      {Check: func(v string) error { return only(parseHeaders([]string{v})) }, Secret: true},
		"apm-header":       {Check: checkAPMHeader, Secret: true},
		"server":           {Check: orNone(func(v string) error { return only(otlp.ParseEndpoint(v)) })},
		"token":            {Secret: true},
		"buffer":           {Check: orNone(func(v string) error { _, _, err := parseBuffer(v, spill.MinBytes); return err })},
		"proto":            {Check: func(v string) error { return only(parseForce([]string{v})) }},
		"where":            {Check: orNone(checkWhere)},
		"from":             moment,
		"to":               moment,
		"spans":            {Enum: []string{"", "single", "pair"}},
		"parent":           {Enum: []string{"auto", "own", "wire"}},
		"attributes":       {Enum: []string{"all", "core"}},
		"link-memory":      size,
		"redact":           {Enum: []string{"on", "off"}, Reload: true},
		"redact-name":      {Check: checkRedactName, Reload: true},
		"request-id":       {Check: func(v string) error { return only(idMatcher([]string{v})) }, Reload: true},
		"routes-pattern":   {Check: func(v string) error { return only(tag.ParseRoutes([]string{v})) }},
		"routes-unmatched": {Enum: []string{"heuristic", "unset"}},
		"name":             {Check: func(v string) error { return only(names.ParseRule(v)) }, Reload: true},
		"names":            {Check: func(v string) error { return only(readNamesFile(v)) }, Reload: true},
		"point":            {Check: checkPoint},
		"points":           {Check: func(v string) error { return only(point.ParseRule(v)) }},
		"point-by":         {Check: checkPointBy},
		"duplicates":       {Enum: []string{"drop", "keep", "auto"}},
		"listen":           {Check: checkListen},
		"connect":          {Check: checkConnect},
		"mirror-clock":     {Enum: []string{"auto", "arrival", "erspan"}},
		"sample-ratio":     {Check: checkRatio, Reload: true},
		"color":            when,
		"progress":         when,
		"status":           when,
		"bodies":           {Check: between(0, 16384)},
		"workers":          {Check: between(0, 1024)},
		"spans-per-line":   {Check: between(1, otlp.MaxSpansPerLine)},

		"memory":           sizeOrNone,
		"cpu":              {Check: orNone(func(v string) error { return only(parseShare(v)) })},
		"otlp-metrics":     {Check: func(v string) error { return only(otlp.ParseEndpoint(v)) }},
		"filter":           {Check: orNone(func(v string) error { return only(filter.Parse(v)) }), Reload: true},
		"filter-file":      {Reload: true},
		"direction":        {Enum: []string{"in", "out", "inout"}},
		"engine":           {Enum: []string{"afpacket", "gopcap"}},
		"ring":             {Enum: []string{"auto", "v3", "v2"}},
		"block-size":       size,
		"buffer-size":      sizeOrNone,
		"write-buffer":     size,
		"snaplen":          {Check: between(0, liveSnaplen)},
		"timestamp-source": {Enum: []string{"host", "adapter", "adapter_unsynced"}},
		"list-interfaces":  {Action: true},
		"dump-filter":      {Action: true},
		"profile":          {Action: true},
	}
}

// only keeps the error of a parser.
func only[T any](_ T, err error) error { return err }

// orNone allows an empty value, too.
func orNone(check func(string) error) func(string) error {
	return func(v string) error {
		if v == "" {
			return nil
		}
		return check(v)
	}
}

// between holds a whole number to its bounds.
func between(low, high int) func(string) error {
	return func(v string) error {
		if n, err := strconv.ParseInt(v, 0, 64); err != nil || n < int64(low) || n > int64(high) {
			return fmt.Errorf("want %d to %d", low, high)
		}
		return nil
	}
}

func checkRatio(v string) error {
	r, err := strconv.ParseFloat(v, 64)
	if err != nil || !(r >= 0 && r <= 1) {
		return fmt.Errorf("want a number from 0 to 1")
	}
	return nil
}

func checkRedactName(v string) error { return redact.Config{MoreNames: []string{v}}.Validate() }

func checkWhere(v string) error {
	_, err := query.Parse(v, newKeys(all.Protos(), nil))
	return err
}
