package api

// Completion is the body of POST /api/v1/complete, which package complete answers.
type Completion struct {
	Spans []AppSpan `json:"spans" doc:"of one trace: a span, and its ancestors and descendants as far as the next service, or all"`
}

// AppSpan is a span that an APM has. It is not stored.
type AppSpan struct {
	TraceID string `json:"trace_id" doc:"up to 32 hex digits, a UUID, or an id of SkyWalking"`
	SpanID  string `json:"span_id" doc:"up to 16 hex digits, or segment id, dash and index of SkyWalking"`
	Parent  string `json:"parent_span_id,omitempty" doc:"as span_id; empty for a root"`
	Kind    int    `json:"span_kind,omitempty" doc:"0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer"`
	Start   int64  `json:"start_time_us" doc:"microseconds since 1970"`
	End     int64  `json:"end_time_us" doc:"microseconds since 1970, not before the start"`

	Service string         `json:"app_service,omitempty" doc:"name of the service"`
	Name    string         `json:"name,omitempty" doc:"of the span"`
	Attrs   map[string]any `json:"attributes,omitempty" doc:"texts, numbers and truth values; by them calls of databases are found: db.system.name, server.address, db.operation.name"`
}
