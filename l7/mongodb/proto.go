package mongodb

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/unpack"
)

// Bounds of what is looked at of a message.
const (
	maxRequest = 64 << 10
	maxReply   = 16 << 10
	window     = maxRequest
)

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyQuery
	keyCollection
	keyNamespace
	keyCode
	keyRows
	keyAffected
	keyOpcode
	keyCompressor
	keyApplication
)

// Proto describes the protocol.
func Proto() l7.Proto {
	t := &tools{buffers: unpack.Buffers{Size: maxRequest}}
	return l7.Proto{
		Name:      "mongodb",
		Depth:     "OP_MSG with all sections, exhaust streams, OP_COMPRESSED (snappy, zlib, zstd), legacy opcodes; commands without values, error codes, batch sizes, ids in comments",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{27017, 27018, 27019},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:      {Name: "db.system.name", Type: l7.String, Doc: "`mongodb`"},
			keyOperation:   {Name: "db.operation.name", Type: l7.String, Doc: "command: `find`, `insert`, `hello`"},
			keyQuery:       {Name: "db.query.text", Type: l7.String, Doc: "command with its fields, values replaced by `?`; of legacy opcodes with the namespace in front"},
			keyCollection:  {Name: "db.collection.name", Type: l7.String, Doc: "collection"},
			keyNamespace:   {Name: "db.namespace", Type: l7.String, Doc: "database"},
			keyCode:        {Name: "db.response.status_code", Type: l7.String, Doc: "error code: `11000`; the first one of a batch"},
			keyRows:        {Name: "db.response.returned_rows", Type: l7.Int, Doc: "documents of the batch, if all of it could be looked at"},
			keyAffected:    {Name: "wirespan.db.affected_rows", Type: l7.Int, Doc: "documents that were written, matched or deleted"},
			keyOpcode:      {Name: "wirespan.mongodb.opcode", Type: l7.String, Doc: "opcode of the request: `OP_MSG`, `OP_QUERY`"},
			keyCompressor:  {Name: "wirespan.mongodb.compressor", Type: l7.String, Doc: "how the request is compressed: `snappy`, `zlib`, `zstd`"},
			keyApplication: {Name: "wirespan.mongodb.application", Type: l7.String, Doc: "name that the client gives itself in hello"},
		},
		Detect: detect,
		New:    func(o l7.Options) l7.Parser { return &parser{opts: o, tools: t} },
	}
}

// system is db.system.name.
var system = []byte("mongodb")
