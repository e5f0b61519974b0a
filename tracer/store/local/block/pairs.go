package block

import "github.com/wirespan/wirespan/tracer/span"

// Pair is service and name of some spans of a block, with what is known of them.
type Pair struct {
	Service, Name string
	Errors        bool
	Longest       int64 // ns
}

// Pairs appends the pairs of service and name in the builder, each once.
func (b *Builder) Pairs(list []Pair) []Pair { return b.c.pairs(list, b.Text) }

// Pairs appends the pairs of service and name in the block, each once.
func (c *Columns) Pairs(list []Pair) []Pair { return c.pairs(list, c.text) }

func (c *Columns) pairs(list []Pair, text func(uint32) string) []Pair {
	at := map[uint64]int{}
	for i := range c.Starts {
		k := uint64(c.texts[service][i])<<32 | uint64(c.texts[name][i])
		n, ok := at[k]
		if !ok {
			n = len(list)
			at[k] = n
			list = append(list, Pair{Service: text(c.texts[service][i]), Name: text(c.texts[name][i])})
		}
		p := &list[n]
		p.Errors = p.Errors || c.Status(i) == span.Error
		p.Longest = max(p.Longest, c.Ends[i]-c.Starts[i])
	}
	return list
}
