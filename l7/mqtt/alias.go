package mqtt

// Bounds of topic aliases (3.3.2.3.4) that are remembered.
const (
	maxAliases = 256
	maxTopic   = 1 << 10 // longer topics are not remembered
)

// aliases are the topics that numbers stand for in one direction.
type aliases [][]byte

// set remembers a topic.
func (a *aliases) set(n int, topic []byte) {
	if n <= 0 || n > maxAliases {
		return
	}
	for len(*a) <= n {
		*a = append(*a, nil)
	}
	if len(topic) > maxTopic {
		topic = nil
	}
	(*a)[n] = append((*a)[n][:0], topic...)
}

// get is the topic of a number; nil if it was set before the capture began.
func (a aliases) get(n int) []byte {
	if n <= 0 || n >= len(a) {
		return nil
	}
	return a[n]
}

// forget makes all unknown: one may have been set anew unseen.
func (a aliases) forget() {
	for i := range a {
		a[i] = a[i][:0]
	}
}
