package join

import (
	"time"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag"
)

// Config is what the Joiners of a program share. All fields but Bodies
// and Routes are required.
type Config struct {
	Timeout time.Duration // a request that has no response for so long is unanswered
	MaxOpen int           // open exchanges per shard; beyond, new ones are not joined
	Keys    *span.Keys
	Protos  []l7.Proto
	Redact  *redact.Redactor
	Core    bool    // leave out what only a study of the network asks for
	Bodies  *Bodies // switches captured bodies off and on; nil: they are kept

	Routes     *tag.Routes // the configured ones; nil: none
	OnlyRoutes bool        // a path that matches none of them has no http.route
}

// maxPerConn bounds the open exchanges of one connection.
const maxPerConn = 4096

// extraNames are values of network.protocol.name that no protocol has.
var extraNames = [...]string{"tcp"}

// ProtocolNames lists the values of network.protocol.name; link.Record.Proto
// indexes it.
func ProtocolNames(protos []l7.Proto) []string {
	var n []string
	for _, p := range protos {
		n = append(n, p.Name)
	}
	for _, p := range protos {
		n = append(n, p.Also...)
	}
	return append(n, extraNames[:]...)
}

// NewKeys returns the registry of the attributes that the protocols may set,
// and more.
func NewKeys(protos []l7.Proto, more ...span.KeyDoc) *span.Keys {
	types := [...]string{l7.String: "String", l7.Int: "Int", l7.Bool: "Bool", l7.Float: "Float", l7.Strings: "Strings", l7.Ints: "Ints", l7.Body: "String"}
	var docs []span.KeyDoc
	for _, p := range protos {
		for _, k := range p.Keys {
			docs = append(docs, span.KeyDoc{Name: k.Name, Type: types[k.Type], Doc: k.Doc})
		}
	}
	return span.NewKeys(append(docs, more...)...)
}

// Stats counts what a Joiner did. Every request is an exchange, open, a repeat
// or refused:
//
//	Requests = Exchanges - OneWay - Orphans - Pushed - Failed + waiting + Repeats + Refused
//
// and every response answers one, is an orphan, comes too late or belongs to a
// refused request:
//
//	Responses = answered + Orphans + Late + Unjoined + Dropped responses
type Stats struct {
	Requests, Responses, Interims uint64
	Exchanges                     uint64 // finished, of every outcome
	Unanswered, OneWay, Orphans   uint64
	Pushed                        uint64
	Failed                        uint64 // connections that failed before a request
	Late                          uint64 // responses after the timeout
	Repeats                       uint64 // requests sent again
	Refused                       uint64 // requests beyond a bound
	Unjoined                      uint64 // responses to them, where order tells
	Dropped                       uint64 // orphans, one-way messages and failed connections beyond a bound
	ByProto                       [64]uint64
}

// Add sums up two counts.
func (s *Stats) Add(o *Stats) {
	s.Requests += o.Requests
	s.Responses += o.Responses
	s.Interims += o.Interims
	s.Exchanges += o.Exchanges
	s.Unanswered += o.Unanswered
	s.OneWay += o.OneWay
	s.Orphans += o.Orphans
	s.Pushed += o.Pushed
	s.Failed += o.Failed
	s.Late += o.Late
	s.Repeats += o.Repeats
	s.Refused += o.Refused
	s.Unjoined += o.Unjoined
	s.Dropped += o.Dropped
	for i := range s.ByProto {
		s.ByProto[i] += o.ByProto[i]
	}
}
