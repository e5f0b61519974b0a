package tds

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Bounds.
const (
	window        = 16 << 10
	maxText       = 64 << 10 // bytes of a request that are collected
	maxCarry      = 64 << 10 // bytes of one token of an answer
	maxColumns    = 4096
	maxSessions   = 64      // of MARS
	maxStatements = 1000    // prepared statements of a connection
	maxPrepared   = 1 << 20 // bytes of their texts

	// bulk is how much of an answer is seen before it is announced.
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
	keyProcedure
	keyCode
	keyReturned
	keyAffected
	keyStatement
	keyState
	keySeverity
	keyCancelled
	keySession
)

// Proto describes TDS.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "tds",
		Depth:     "batches and procedure calls with their text, prepared statements, rows walked by type, errors, sessions of MARS; login hidden",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{1433, 1434, 5000},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:     {Name: "db.system.name", Type: l7.String, Doc: "database product"},
			keyOperation:  {Name: "db.operation.name", Type: l7.String, Doc: "first operation of the statement, or command of the protocol"},
			keyQuery:      {Name: "db.query.text", Type: l7.String, Doc: "statement, literals replaced by ?, comments cut"},
			keySummary:    {Name: "db.query.summary", Type: l7.String, Doc: "operations and targets of the statement"},
			keyCollection: {Name: "db.collection.name", Type: l7.String, Doc: "table, if the statement names one only"},
			keyNamespace:  {Name: "db.namespace", Type: l7.String, Doc: "database"},
			keyProcedure:  {Name: "db.stored_procedure.name", Type: l7.String, Doc: "procedure that is called"},
			keyCode:       {Name: "db.response.status_code", Type: l7.String, Doc: "error code of the database: number"},
			keyReturned:   {Name: "db.response.returned_rows", Type: l7.Int, Doc: "rows returned"},
			keyAffected:   {Name: "wirespan.db.affected_rows", Type: l7.Int, Doc: "rows that the statement changed"},
			keyStatement:  {Name: "wirespan.db.statement", Type: l7.String, Doc: "name or number of the prepared statement"},
			keyState:      {Name: "wirespan.tds.state", Type: l7.Int, Doc: "state of the first error"},
			keySeverity:   {Name: "wirespan.tds.severity", Type: l7.Int, Doc: "class of the first error: from 17 on the server's"},
			keyCancelled:  {Name: "wirespan.tds.cancelled", Type: l7.Bool, Doc: "the client gave up waiting (Attention)"},
			keySession:    {Name: "wirespan.tds.session", Type: l7.Int, Doc: "session of a connection with several (MARS)"},
		},
		Detect: Detect,
		New:    New,
	}
}

// sqlKeys are the attributes that a statement fills.
var sqlKeys = sqltext.Keys{Operation: keyOperation, Query: keyQuery, Summary: keySummary, Collection: keyCollection}

// New returns the parser of one connection.
func New(o l7.Options) l7.Parser {
	p := &parser{ids: o.IDs}
	p.main.walk.p = p
	return p
}
