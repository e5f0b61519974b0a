package span

import "slices"

// Keys maps keys to names. It is built once, when the program is composed, and
// not changed after that.
type Keys struct {
	docs   []KeyDoc
	byName map[string]Key
}

// NewKeys returns the constants of this package and, after them, the given
// names in order, each once.
func NewKeys(more ...KeyDoc) *Keys {
	k := &Keys{docs: slices.Clone(static[:]), byName: make(map[string]Key)}
	for i, d := range k.docs {
		k.byName[d.Name] = Key(i)
	}
	for _, d := range more {
		if _, ok := k.byName[d.Name]; !ok {
			k.byName[d.Name] = Key(len(k.docs))
			k.docs = append(k.docs, d)
		}
	}
	return k
}

// Len is the number of keys; every Key of this registry is below it.
func (k *Keys) Len() int { return len(k.docs) }

// Name returns the attribute's name.
func (k *Keys) Name(key Key) string { return k.docs[key].Name }

// Doc returns the description of the attribute.
func (k *Keys) Doc(key Key) KeyDoc { return k.docs[key] }

// Lookup finds a key by name.
func (k *Keys) Lookup(name string) (Key, bool) {
	key, ok := k.byName[name]
	return key, ok
}
