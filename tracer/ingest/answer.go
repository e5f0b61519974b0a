package ingest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// partial encodes ExportTraceServiceResponse: nothing if all is well.
func (r *result) partial() []byte {
	n, words := r.refused.Sum(), r.message()
	if words == "" {
		return nil
	}
	var p []byte
	if n > 0 {
		p = protowire.AppendVarint(protowire.AppendTag(p, 1, protowire.VarintType), uint64(n))
	}
	p = protowire.AppendString(protowire.AppendTag(p, 2, protowire.BytesType), words)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), p)
}

// partialJSON does so in JSON, where int64 is a string.
func (r *result) partialJSON() []byte {
	words := r.message()
	if words == "" {
		return []byte("{}")
	}
	type success struct {
		Rejected string `json:"rejectedSpans"`
		Message  string `json:"errorMessage"`
	}
	b, err := json.Marshal(map[string]success{"partialSuccess": {strconv.Itoa(r.refused.Sum()), words}})
	if err != nil {
		return []byte("{}")
	}
	return b
}

// Codes of google.rpc.Status, as gRPC has them.
const (
	codeInvalid     = 3
	codeExhausted   = 8
	codeInternal    = 13
	codeUnavailable = 14
)

// code is the gRPC status code of a fault: with a delay it says that the sender should
// come again (OTLP specification, "OTLP/gRPC Throttling").
func (f *fault) code() int32 {
	switch {
	case f.store:
		return codeUnavailable
	case f.Fault == Busy, f.Fault == TooLarge:
		return codeExhausted
	case f.Fault == Panicked:
		return codeInternal
	}
	return codeInvalid
}

// status is the HTTP status of a fault: 429 and 503 say that the sender should come
// again, others that it should not (OTLP specification, "Failures").
func (f *fault) status() int {
	switch {
	case f.store:
		return http.StatusServiceUnavailable
	case f.Fault == Busy:
		return http.StatusTooManyRequests
	case f.Fault == TooLarge:
		return http.StatusRequestEntityTooLarge
	case f.Fault == Unsupported:
		return http.StatusUnsupportedMediaType
	case f.Fault == Panicked:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// retryHeader sets Retry-After, in whole seconds.
func (f *fault) retryHeader(h http.Header) {
	if f.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.after.Seconds()))))
	}
}

// retryInfo encodes google.rpc.RetryInfo: retry_delay, a google.protobuf.Duration.
func retryInfo(d time.Duration) []byte {
	var p []byte
	p = protowire.AppendVarint(protowire.AppendTag(p, 1, protowire.VarintType), uint64(d/time.Second))
	p = protowire.AppendVarint(protowire.AppendTag(p, 2, protowire.VarintType), uint64(d%time.Second))
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), p)
}

// statusProto encodes google.rpc.Status, the body of OTLP/HTTP's errors.
func statusProto(code int32, words string) []byte {
	p := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(code))
	return protowire.AppendString(protowire.AppendTag(p, 2, protowire.BytesType), words)
}

// statusJSON does so in JSON.
func statusJSON(code int32, words string) []byte {
	b, err := json.Marshal(struct {
		Code    int32  `json:"code"`
		Message string `json:"message"`
	}{code, words})
	if err != nil {
		return []byte("{}")
	}
	return b
}
