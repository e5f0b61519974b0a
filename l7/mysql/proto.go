package mysql

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// maxText is how much of a statement is looked at, and the window with it.
const (
	maxText = 64 << 10
	window  = maxText + 1<<10
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
	keyState
	keyRows
	keyAffected
	keyWarnings
	keyStatement
)

// sqlKeys are the attributes that a statement's text sets.
func sqlKeys() sqltext.Keys {
	return sqltext.Keys{Operation: keyOperation, Query: keyQuery, Summary: keySummary, Collection: keyCollection}
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "mysql",
		Depth:     "all commands, prepared statements with their text, several statements and results, rows counted, both compressions, errors",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{3306, 3307, 6033, 4000},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:     {Name: "db.system.name", Type: l7.String, Doc: "`mysql` or `mariadb`, by the server's version; `mysql` if its greeting was not captured"},
			keyOperation:  {Name: "db.operation.name", Type: l7.String, Doc: "first keyword of the statement, or the command: `SELECT`, `PREPARE STATEMENT`, `PING`"},
			keyQuery:      {Name: "db.query.text", Type: l7.String, Doc: "statement with literals replaced by `?` and without comments; of an execution the text that was prepared"},
			keySummary:    {Name: "db.query.summary", Type: l7.String, Doc: "operations and tables: `SELECT orders`"},
			keyCollection: {Name: "db.collection.name", Type: l7.String, Doc: "table, if the statement names just one"},
			keyNamespace:  {Name: "db.namespace", Type: l7.String, Doc: "default database, if it is known from the login or from USE"},
			keyCode:       {Name: "db.response.status_code", Type: l7.String, Doc: "error number: `1146`"},
			keyState:      {Name: "wirespan.db.sqlstate", Type: l7.String, Doc: "SQLSTATE of the error: `42S02`"},
			keyRows:       {Name: "db.response.returned_rows", Type: l7.Int, Doc: "rows of all result sets; where bytes were lost, those that were seen"},
			keyAffected:   {Name: "wirespan.db.affected_rows", Type: l7.Int, Doc: "rows that the statement changed"},
			keyWarnings:   {Name: "wirespan.db.warnings", Type: l7.Int, Doc: "number of warnings, if there are any"},
			keyStatement:  {Name: "wirespan.db.statement", Type: l7.Int, Doc: "id of the prepared statement"},
		},
		Detect: detect,
		New:    newParser,
	}
}
