package oracle

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Bounds.
const (
	window     = 4 << 10
	maxRequest = 64 << 10 // bytes of a request that are collected
	maxTail    = 2 << 10  // bytes at the end of an answer that are kept
	maxCursors = 1000     // cursors of a connection whose statements are kept
	maxKept    = 1 << 20  // bytes of their statements
	maxWaits   = 64       // requests of a pipeline
	maxName    = 128      // bytes of a name of the descriptor, of module, action, user

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
	keyFunction
	keyMessage
	keyCancelled
	keyRedirect
	keyUser
	keyProgram
	keyHost
	keyOSUser
	keyModule
	keyAction
)

// Proto describes Oracle Net.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "oracle",
		Depth:     "connect, redirect, refusal; calls of thin clients with statement text, cursors, rows, ORA- errors; of OCI clients texts; encryption counted",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{1521, 1522, 1526, 2483},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:     {Name: "db.system.name", Type: l7.String, Doc: "database product"},
			keyOperation:  {Name: "db.operation.name", Type: l7.String, Doc: "first operation of the statement, or call of the protocol"},
			keyQuery:      {Name: "db.query.text", Type: l7.String, Doc: "statement, literals replaced by ?, comments cut"},
			keySummary:    {Name: "db.query.summary", Type: l7.String, Doc: "operations and targets of the statement"},
			keyCollection: {Name: "db.collection.name", Type: l7.String, Doc: "table, if the statement names one only"},
			keyNamespace:  {Name: "db.namespace", Type: l7.String, Doc: "service name or SID that the client connected to"},
			keyProcedure:  {Name: "db.stored_procedure.name", Type: l7.String, Doc: "procedure that is called"},
			keyCode:       {Name: "db.response.status_code", Type: l7.String, Doc: "error of the database: `ORA-00942`"},
			keyReturned:   {Name: "db.response.returned_rows", Type: l7.Int, Doc: "rows returned"},
			keyAffected:   {Name: "wirespan.db.affected_rows", Type: l7.Int, Doc: "rows that the statement changed"},
			keyStatement:  {Name: "wirespan.db.statement", Type: l7.Int, Doc: "number of the cursor"},
			keyFunction:   {Name: "wirespan.oracle.function", Type: l7.Int, Doc: "number of the function that is called (94: OALL8)"},
			keyMessage:    {Name: "wirespan.oracle.message", Type: l7.String, Doc: "first line of the error's text, literals and numbers replaced by ?; not of errors of the application (ORA-20000 to ORA-20999)"},
			keyCancelled:  {Name: "wirespan.oracle.cancelled", Type: l7.Bool, Doc: "the client broke the call off"},
			keyRedirect:   {Name: "wirespan.oracle.redirect", Type: l7.String, Doc: "address that the listener sends the client to"},
			keyUser:       {Name: "wirespan.oracle.user", Type: l7.String, Doc: "user of the login"},
			keyProgram:    {Name: "wirespan.oracle.program", Type: l7.String, Doc: "program, as the client says when it connects"},
			keyHost:       {Name: "wirespan.oracle.client.host", Type: l7.String, Doc: "host, as the client says when it connects"},
			keyOSUser:     {Name: "wirespan.oracle.client.user", Type: l7.String, Doc: "user of the operating system, as the client says when it connects"},
			keyModule:     {Name: "wirespan.oracle.module", Type: l7.String, Doc: "module that the client named (DBMS_APPLICATION_INFO)"},
			keyAction:     {Name: "wirespan.oracle.action", Type: l7.String, Doc: "action that the client named"},
		},
		Detect: Detect,
		New:    New,
	}
}

// sqlKeys are the attributes that a statement fills.
var sqlKeys = sqltext.Keys{Operation: keyOperation, Query: keyQuery, Summary: keySummary, Collection: keyCollection}

// New returns the parser of one connection.
func New(o l7.Options) l7.Parser { return &parser{ids: o.IDs} }
