// Package tempo is the query API of Grafana Tempo over what wirespan keeps, so that
// Grafana's data source for Tempo opens it: traces (protobuf and JSON, v1 and v2),
// search by tags and by TraceQL, names and values of tags.
//
// Of TraceQL there is what selects spans: one set of braces with comparisons, && and
// ||, or several of them joined by ||; and, joined by &&, what asks for the trace as a
// whole, which is looked at when it has been assembled. What asks for structure or
// computes (>>, |, count()) is refused in words.
package tempo
