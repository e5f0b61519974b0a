package kafka

// maxNames bounds the topics of a connection whose ids are remembered.
const maxNames = 1024

// names are the topics of a connection by id (KIP-516), as Metadata and other
// responses told.
type names struct{ byID map[[16]byte]string }

// of is the name of a topic, empty if it is not known.
func (n *names) of(id [16]byte) string {
	if n == nil {
		return ""
	}
	return n.byID[id]
}

// add remembers a topic. One that is known costs nothing.
func (n *names) add(id [16]byte, name []byte) {
	if n == nil || id == [16]byte{} || len(name) == 0 || n.byID[id] == string(name) {
		return
	}
	if n.byID == nil {
		n.byID = map[[16]byte]string{}
	}
	if _, known := n.byID[id]; known || len(n.byID) < maxNames {
		n.byID[id] = string(name)
	}
}
