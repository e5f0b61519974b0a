package transport

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/sink"
)

const (
	maxAnswer  = 64 << 10 // bytes of an answer that are read
	maxMessage = 256      // bytes of the far side's words that are kept
)

// field is one field of a protobuf message: num for varints, data for the
// length-delimited.
type field struct {
	id   protowire.Number
	num  uint64
	data []byte
}

// fields yields the varint and length-delimited fields of a message until it
// ends or is malformed.
func fields(b []byte) func(yield func(field) bool) {
	return func(yield func(field) bool) {
		for len(b) > 0 {
			id, t, n := protowire.ConsumeTag(b)
			if n < 0 {
				return
			}
			b = b[n:]
			f := field{id: id}
			switch t {
			case protowire.VarintType:
				f.num, n = protowire.ConsumeVarint(b)
			case protowire.BytesType:
				f.data, n = protowire.ConsumeBytes(b)
			default:
				f.id, n = 0, protowire.ConsumeFieldValue(id, t, b)
			}
			if n < 0 || !yield(f) {
				return
			}
			b = b[n:]
		}
	}
}

// partial reads an ExportTraceServiceResponse, or that of another signal, which
// has the same fields, and returns a PartialError when it has a partial success,
// nil when all was accepted.
func partial(secrets redact.Secrets, answer []byte) error {
	var p sink.PartialError
	var words []byte
	for f := range fields(answer) {
		if f.id != 1 { // partial_success
			continue
		}
		for g := range fields(f.data) {
			switch g.id {
			case 1: // rejected_spans, rejected_data_points
				p.Rejected = int(min(g.num, 1<<31-1))
			case 2: // error_message
				words = g.data
			}
		}
	}
	if p.Rejected == 0 && len(words) == 0 {
		return nil
	}
	if p.Err = errors.New("no reason given"); len(words) > 0 {
		p.Err = errors.New(secrets.Words(string(words), maxMessage))
	}
	return &p
}

// statusMessage returns the message of a google.rpc.Status.
func statusMessage(b []byte) string {
	for f := range fields(b) {
		if f.id == 2 {
			return string(f.data)
		}
	}
	return ""
}

// retryDelay reads a google.rpc.RetryInfo.
func retryDelay(b []byte) time.Duration {
	var sec, nano uint64
	for f := range fields(b) {
		if f.id != 1 { // retry_delay, a google.protobuf.Duration
			continue
		}
		for g := range fields(f.data) {
			switch g.id {
			case 1:
				sec = g.num
			case 2:
				nano = g.num
			}
		}
	}
	if int64(sec) < 0 || int64(nano) < 0 {
		return 0
	}
	return time.Duration(min(sec, maxAfter))*time.Second + time.Duration(min(nano, 1e9))
}

// maxAfter is the longest wish to wait that is understood, in seconds.
const maxAfter = 24 * 3600

// retryAfter reads a Retry-After field: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if n, err := strconv.ParseUint(v, 10, 64); err == nil {
		return time.Duration(min(n, maxAfter)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), maxAfter*time.Second)
	}
	return 0
}
