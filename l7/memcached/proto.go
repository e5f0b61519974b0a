package memcached

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of the protocols.
const (
	keySystem uint8 = iota
	keyOperation
	keyText
	keyStatus
	keyHits
)

// window holds a get with as many keys as clients ask for at once.
const window = 64 << 10

func proto(transport l7.Transport, pairing l7.Pairing, detect func(l7.Dir, []byte) l7.Verdict, parser func(l7.Options) l7.Parser) l7.Proto {
	return l7.Proto{
		Name:      "memcached",
		Depth:     "text, meta and binary commands with their quiet forms, datagrams; values by length",
		Class:     l7.ClassDB,
		Transport: transport,
		Ports:     []uint16{11211},
		Window:    window,
		Pairing:   pairing,
		Keys: []l7.Key{
			keySystem:    {Name: "db.system.name", Type: l7.String, Doc: "database product: redis, memcached, mysql, ..."},
			keyOperation: {Name: "db.operation.name", Type: l7.String, Doc: "command or operation"},
			keyText:      {Name: "db.query.text", Type: l7.String, Doc: "statement or command with literals and values replaced by ?"},
			keyStatus:    {Name: "db.response.status_code", Type: l7.String, Doc: "code of the database's error: SQLSTATE, number, prefix of the error"},
			keyHits:      {Name: "db.response.returned_rows", Type: l7.Int, Doc: "rows, documents or values that the response has"},
		},
		Detect: detect,
		New:    parser,
	}
}

// Text describes the text protocol over TCP.
func Text() l7.Proto {
	return proto(l7.TCP, l7.InOrder, detectText, func(l7.Options) l7.Parser { return &text{} })
}

// Binary describes the binary protocol over TCP.
func Binary() l7.Proto {
	return proto(l7.TCP, l7.ByMatch, detectBinary, func(l7.Options) l7.Parser { return &binary{} })
}

// UDP describes both in datagrams.
func UDP() l7.Proto {
	return proto(l7.UDP, l7.ByMatch, detectDatagram, func(l7.Options) l7.Parser { return &datagrams{} })
}

// system is db.system.name.
var system = []byte("memcached")

// describe sets what every request has.
func describe(m *l7.Message, op, query []byte, head int) {
	m.Op, m.Name, m.HeadSize = op, op, head
	m.Str(keySystem, system)
	m.Str(keyOperation, op)
	m.Str(keyText, query)
}
