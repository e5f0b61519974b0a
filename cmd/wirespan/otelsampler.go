package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// otelSampler reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG
// (Environment Variable Specification, "General SDK Configuration"). ok says
// that they are set and known; warning says what is passed over, as the
// specification wants it for values that are not known.
//
// A tracer has no parent in its own process: parentbased_ samplers are their
// root samplers here. A service whose SDK decides by the same ratio keeps the
// same traces, because both look at the same bits of the id.
func otelSampler() (ratio float64, ok bool, warning string) {
	name := strings.ToLower(strings.TrimSpace(os.Getenv("OTEL_TRACES_SAMPLER")))
	switch strings.TrimPrefix(name, "parentbased_") {
	case "":
		if name != "" {
			break
		}
		return 1, false, ""
	case "always_on":
		return 1, true, ""
	case "always_off":
		return 0, true, ""
	case "traceidratio":
		arg := os.Getenv("OTEL_TRACES_SAMPLER_ARG")
		if arg == "" {
			return 1, true, ""
		}
		r, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(r >= 0 && r <= 1) {
			return 1, true, fmt.Sprintf("OTEL_TRACES_SAMPLER_ARG %q: want a number from 0 to 1; 1 is taken", arg)
		}
		return r, true, ""
	}
	return 1, false, fmt.Sprintf("OTEL_TRACES_SAMPLER %q: is not known here, passed over", name)
}

func formatRatio(r float64) string { return strconv.FormatFloat(r, 'g', -1, 64) }
