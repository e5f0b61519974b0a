package main

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/otlp"
)

// otelPairs reads NAME=VALUE,NAME=VALUE, where names and values may be
// percent-encoded (W3C Baggage, 3.3.1, as the specification wants it for
// headers and resources). The error repeats nothing of it.
func otelPairs(text string) ([]string, error) {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		name, err1 := url.PathUnescape(strings.TrimSpace(name))
		value, err2 := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || err1 != nil || err2 != nil {
			return nil, fmt.Errorf("pair %d is not NAME=VALUE", len(list)+1)
		}
		list = append(list, name+"="+value)
	}
	return list, nil
}

// maxResource bounds the attributes that OTEL_RESOURCE_ATTRIBUTES adds.
const maxResource = 128

// otelResource reads OTEL_RESOURCE_ATTRIBUTES. What describes a traced program
// is left out: service.* and what else a span says itself; so is
// telemetry.sdk.*, which no SDK is behind.
func otelResource(text string) ([]otlp.Attribute, error) {
	pairs, err := otelPairs(text)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w, percent-encoded", err)
	}
	if len(pairs) > maxResource {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %d attributes; at most %d are taken", len(pairs), maxResource)
	}
	var list []otlp.Attribute
	seen := make(map[string]int)
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		if strings.HasPrefix(name, "service.") || strings.HasPrefix(name, "telemetry.sdk.") || name == "wirespan.agent" {
			continue
		}
		if !utf8.ValidString(p) {
			return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %q is not UTF-8", name)
		}
		if i, ok := seen[name]; ok {
			list[i].Value = value // the last one counts, as in the SDKs
			continue
		}
		seen[name] = len(list)
		list = append(list, otlp.Attribute{Key: name, Value: value})
	}
	return list, nil
}
