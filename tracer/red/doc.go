// Package red measures the services that wirespan sees: rate, errors and
// duration of their requests, by service and endpoint, with the span of one
// request in each bucket as exemplar.
//
// A Sink takes finished spans like every other sink and counts each exchange
// once, however many spans tell of it: the spans of one exchange (sightings at
// several capture points, the two of a pair) carry one wirespan.exchange and
// come in one trace, so they wait until their trace is through and the one
// nearest to the server stands for all. Histograms have the names of the
// OpenTelemetry conventions where there is one (http.server.request.duration,
// db.client.operation.duration, ...).
//
// Everything is bounded: services, endpoints per service, series in all. What
// comes beyond a bound counts under "other"; series that have been idle for
// long make room. In steady state a span allocates nothing.
//
// WriteSpans and Families may be called by different goroutines. Spans are
// borrowed until WriteSpans returns. The package reads no clock: time is that
// of the spans.
package red
