package redact

// Set makes r what New(c) returns, for a program that changes its
// configuration. Nobody may use r meanwhile.
func (r *Redactor) Set(c Config) {
	n := New(c)
	r.off = n.off
	r.params.take(&n.params)
	r.keys.take(&n.keys)
	r.headers.take(&n.headers)
}

// take makes n the set m, and forgets what was remembered of the old one.
func (n *names) take(m *names) {
	n.exact, n.prefix, n.suffix, n.inner, n.heads = m.exact, m.prefix, m.suffix, m.inner, m.heads
	for i := range n.plain {
		n.plain[i].Store(0)
	}
}
