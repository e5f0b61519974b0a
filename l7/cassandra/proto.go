package cassandra

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Bounds of what is looked at of a message. A segment is looked at as a whole.
const (
	maxRequest = 64 << 10
	maxReply   = 16 << 10
	window     = maxSegment
)

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyQuery
	keySummary
	keyCollection
	keyNamespace
	keyCode
	keyRows
	keyBatch
	keyConsistency
	keyPage
	keyTrace
	keyWarnings
)

// cqlKeys are the attributes that a statement's text sets.
func cqlKeys() sqltext.Keys {
	return sqltext.Keys{Operation: keyOperation, Query: keyQuery, Summary: keySummary, Collection: keyCollection}
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "cassandra",
		Depth:     "CQL 3 to 5 with segments and compression (lz4, snappy), prepared statements with their text, batches, events, rows counted, errors by name",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{9042, 9142},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:      {Name: "db.system.name", Type: l7.String, Doc: "`cassandra`"},
			keyOperation:   {Name: "db.operation.name", Type: l7.String, Doc: "first keyword of the statement, or the request: `SELECT`, `BATCH`, `PREPARE`, `OPTIONS`"},
			keyQuery:       {Name: "db.query.text", Type: l7.String, Doc: "statement with literals replaced by `?` and without comments; of an execution the text that was prepared, of a batch all of them"},
			keySummary:     {Name: "db.query.summary", Type: l7.String, Doc: "operations and tables: `SELECT orders`"},
			keyCollection:  {Name: "db.collection.name", Type: l7.String, Doc: "table, if the statement names just one"},
			keyNamespace:   {Name: "db.namespace", Type: l7.String, Doc: "keyspace, if it is known from USE, the request, or the rows"},
			keyCode:        {Name: "db.response.status_code", Type: l7.String, Doc: "error code in decimal: `8960`"},
			keyRows:        {Name: "db.response.returned_rows", Type: l7.Int, Doc: "rows of the page"},
			keyBatch:       {Name: "db.operation.batch.size", Type: l7.Int, Doc: "statements of a batch"},
			keyConsistency: {Name: "cassandra.consistency.level", Type: l7.String, Doc: "consistency: `local_quorum`"},
			keyPage:        {Name: "cassandra.page.size", Type: l7.Int, Doc: "rows that the client wants at once"},
			keyTrace:       {Name: "wirespan.cassandra.tracing_id", Type: l7.String, Doc: "id of the session in `system_traces`, if the client asked for tracing"},
			keyWarnings:    {Name: "wirespan.db.warnings", Type: l7.Int, Doc: "number of warnings, if there are any"},
		},
		Detect: detect,
		New:    newParser,
	}
}

// system is db.system.name.
var system = []byte("cassandra")
