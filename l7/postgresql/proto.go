package postgresql

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Bounds.
const (
	window        = 64 << 10
	maxText       = 60 << 10 // of a query, that is read; the rest is skipped
	maxName       = 512      // of the names in a message
	maxReport     = 256      // of an error or notice: its SQLSTATE is in front
	maxTag        = 128      // of a CommandComplete
	maxWaiting    = 1 << 16  // requests without answer; beyond, the connection is given up
	maxStatements = 1000     // prepared statements of a connection
	maxPrepared   = 1 << 20  // bytes of their texts
	maxPortals    = 64
	maxNotices    = 8

	// bulk is how much of an answer is seen before it is announced: as much as
	// a server collects before it sends (PQ_SEND_BUFFER_SIZE).
	bulk = 8 << 10
)

// Attributes; indexes into Proto.Keys.
const (
	keySystem uint8 = iota
	keyOperation
	keyQuery
	keySummary
	keyCollection
	keyNamespace
	keyState
	keyReturned
	keyAffected
	keyStatement
	keyTransaction
	keyNotices
	keyCopied
	keyChannel
	keyBackend
)

// Proto describes PostgreSQL.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "postgresql",
		Depth:     "simple and extended protocol, prepared statements with their text, pipelines, COPY, notifications, SQLSTATE, row counts",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{5432, 6432, 5433},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:      {Name: "db.system.name", Type: l7.String, Doc: "database product"},
			keyOperation:   {Name: "db.operation.name", Type: l7.String, Doc: "first operation of the statement, or command of the protocol"},
			keyQuery:       {Name: "db.query.text", Type: l7.String, Doc: "statement, literals replaced by ?, comments cut"},
			keySummary:     {Name: "db.query.summary", Type: l7.String, Doc: "operations and targets of the statement"},
			keyCollection:  {Name: "db.collection.name", Type: l7.String, Doc: "table, if the statement names one only"},
			keyNamespace:   {Name: "db.namespace", Type: l7.String, Doc: "database"},
			keyState:       {Name: "db.response.status_code", Type: l7.String, Doc: "error code of the database: SQLSTATE"},
			keyReturned:    {Name: "db.response.returned_rows", Type: l7.Int, Doc: "rows returned"},
			keyAffected:    {Name: "wirespan.db.affected_rows", Type: l7.Int, Doc: "rows that the statement changed"},
			keyStatement:   {Name: "wirespan.db.statement", Type: l7.String, Doc: "name or number of the prepared statement"},
			keyTransaction: {Name: "wirespan.postgresql.transaction", Type: l7.String, Doc: "transaction status after the exchange: idle, active, failed"},
			keyNotices:     {Name: "wirespan.postgresql.notices", Type: l7.Strings, Doc: "SQLSTATE of the notices that came with the answer"},
			keyCopied:      {Name: "wirespan.postgresql.copy.bytes", Type: l7.Int, Doc: "bytes of COPY data, both directions"},
			keyChannel:     {Name: "wirespan.postgresql.channel", Type: l7.String, Doc: "channel of a notification"},
			keyBackend:     {Name: "wirespan.postgresql.backend.pid", Type: l7.Int, Doc: "process of the server that serves the connection, or is to be cancelled"},
		},
		Detect: Detect,
		New:    New,
	}
}

// sqlKeys are the attributes that a statement fills.
var sqlKeys = sqltext.Keys{Operation: keyOperation, Query: keyQuery, Summary: keySummary, Collection: keyCollection}

// New returns the parser of one connection.
func New(o l7.Options) l7.Parser {
	return &parser{ids: o.IDs}
}
