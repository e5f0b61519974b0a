package redis

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyText
	keyNamespace
	keyStatus
)

// window holds an inline command of the largest size that a server takes
// (PROTO_INLINE_MAX_SIZE in server.h).
const window = 64<<10 + 64

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "redis",
		Depth:     "RESP2, RESP3 and inline commands, pipelines, transactions, push, pub/sub, errors; values by length",
		Class:     l7.ClassDB,
		Transport: l7.TCP,
		Ports:     []uint16{6379, 26379, 6380},
		Window:    window,
		Pairing:   l7.InOrder,
		Keys: []l7.Key{
			keySystem:    {Name: "db.system.name", Type: l7.String, Doc: "database product: redis, memcached, mysql, ..."},
			keyOperation: {Name: "db.operation.name", Type: l7.String, Doc: "command or operation"},
			keyText:      {Name: "db.query.text", Type: l7.String, Doc: "statement or command with literals and values replaced by ?"},
			keyNamespace: {Name: "db.namespace", Type: l7.String, Doc: "database; of Redis the index, once a SELECT was seen"},
			keyStatus:    {Name: "db.response.status_code", Type: l7.String, Doc: "code of the database's error: SQLSTATE, number, prefix of the error"},
		},
		Detect: detect,
		New:    func(o l7.Options) l7.Parser { return newParser(o.IDs) },
	}
}

// system is db.system.name.
var system = []byte("redis")
