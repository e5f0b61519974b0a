package tlskeys

// feed is a source of key logs that grows while it is read, such as the secrets
// of a capture.
type feed struct {
	get  func() [][]byte
	seen int
}

// Feed adds a source. get returns all texts so far, in order; it must be safe to
// call from any goroutine, and is called when a secret is not known.
func (t *Table) Feed(get func() [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.feeds = append(t.feeds, &feed{get: get})
}

func (t *Table) feed(f *feed) bool {
	all := f.get()
	if len(all) <= f.seen {
		return false
	}
	for _, b := range all[f.seen:] {
		t.line(t.lines(append([]byte(nil), b...)))
	}
	f.seen = len(all)
	return true
}
