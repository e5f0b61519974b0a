package join

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
)

// maxTerms bounds the terms of one exchange, in bytes, before the last one.
const maxTerms = 16 << 10

// terms keeps the names that a message told, and those that it asks for. They lie
// where the answers of DNS do.
func (x *exchange) terms(m *l7.Message) {
	for i := range m.Terms {
		if t := &m.Terms[i]; len(x.answers) < maxTerms {
			x.answers = link.AppendTerm(x.answers, &t.Key, limit(t.Name, 255))
		}
	}
}
