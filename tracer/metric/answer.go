package metric

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wirespan/wirespan/tracer/sink"
)

const (
	maxAnswer  = 64 << 10 // bytes of an answer that are read
	maxMessage = 256      // bytes of the far side's words that are kept
	maxAfter   = 24 * time.Hour
)

func userAgent(c *PushConfig) string { return "wirespan/" + c.Origin.Version }

// requestHeaders returns the header fields, in lower case.
func requestHeaders(c *PushConfig) map[string]string {
	h := make(map[string]string, len(c.Headers)+1)
	if c.Endpoint.auth != "" {
		h["authorization"] = c.Endpoint.auth
	}
	for name, value := range c.Headers {
		h[strings.ToLower(name)] = value
	}
	return h
}

// secrets are texts that must not be in an error.
type secrets []string

// newSecrets collects the values of headers and their words; what is shorter
// than four bytes cannot be told from ordinary text.
func newSecrets(headers map[string]string) (s secrets) {
	for _, value := range headers {
		for _, v := range append(strings.Fields(value), value) {
			if len(v) >= 4 {
				s = append(s, v)
			}
		}
	}
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

// say makes words of the far side fit for an error: short, printable, and
// without our secrets.
func (s secrets) say(words string) string {
	for _, v := range s {
		words = strings.ReplaceAll(words, v, "REDACTED")
	}
	words = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words, "\ufffd"))
	if words = strings.TrimSpace(words); len(words) > maxMessage {
		words = strings.ToValidUTF8(words[:maxMessage], "") + "..."
	}
	return words
}

// eachField calls f for the varint and length-delimited fields of a message,
// until it ends or is malformed.
func eachField(b []byte, f func(id protowire.Number, n uint64, data []byte)) {
	for len(b) > 0 {
		id, t, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		var v uint64
		var data []byte
		switch t {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			data, n = protowire.ConsumeBytes(b)
		default:
			id, n = 0, protowire.ConsumeFieldValue(id, t, b)
		}
		if n < 0 {
			return
		}
		f(id, v, data)
		b = b[n:]
	}
}

// partial reads an ExportMetricsServiceResponse and returns a PartialError when
// points were refused, nil when all were accepted. A warning without refusal is
// no error.
func (s secrets) partial(answer []byte) error {
	var p sink.PartialError
	words := "no reason given"
	eachField(answer, func(id protowire.Number, _ uint64, success []byte) {
		if id != 1 { // partial_success
			return
		}
		eachField(success, func(id protowire.Number, n uint64, data []byte) {
			switch id {
			case 1: // rejected_data_points
				p.Rejected = int(min(n, 1<<31-1))
			case 2: // error_message
				words = s.say(string(data))
			}
		})
	})
	if p.Rejected == 0 {
		return nil
	}
	p.Err = errors.New(words)
	return &p
}

// retryDelay reads a google.rpc.RetryInfo.
func retryDelay(b []byte) time.Duration {
	var sec, nano uint64
	eachField(b, func(id protowire.Number, _ uint64, delay []byte) {
		if id != 1 { // retry_delay, a google.protobuf.Duration
			return
		}
		eachField(delay, func(id protowire.Number, n uint64, _ []byte) {
			switch id {
			case 1:
				sec = n
			case 2:
				nano = n
			}
		})
	})
	if int64(sec) < 0 || int64(nano) < 0 {
		return 0
	}
	return min(time.Duration(min(sec, 1<<20))*time.Second+time.Duration(min(nano, 1e9)), maxAfter)
}

// retryAfter reads a Retry-After field: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if n, err := strconv.ParseUint(v, 10, 64); err == nil {
		return min(time.Duration(min(n, 1<<20))*time.Second, maxAfter)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), maxAfter)
	}
	return 0
}
