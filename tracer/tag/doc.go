// Package tag gives requests the names that group them: the url.template of a
// path, the http.route that the operator configured, and the bound on how many
// distinct templates a service may have (SPANS.md, "Name and kind").
//
// It stands beside tracer/join, which calls it once per request with borrowed
// bytes; results are appended to the caller's memory. It does not decode
// percent-encoding and knows nothing of hosts or methods.
package tag
