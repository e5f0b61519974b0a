// Package jaeger is the query API of Jaeger over what wirespan keeps, so that Jaeger's
// UI and Grafana's data source for Jaeger open it: the JSON of /api (times in
// microseconds, references, processes) and /api/v3 (OTLP).
//
// Traces are assembled ones: one trace id, the parents of the tree, corrected times.
// Every span is there as it was seen; nothing is made up.
package jaeger
