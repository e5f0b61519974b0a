// Package tempo is the query API of Grafana Tempo over what wirespan keeps, so that
// Grafana's data source for Tempo opens it: traces (protobuf and JSON, v1 and v2),
// search by tags and by TraceQL, names and values of tags.
//
// Of TraceQL there is what selects spans: one set of braces with comparisons, && and
// ||. What asks for structure or computes (>>, |, count()) is refused in words.
package tempo
