package store

import "strings"

// KeyAttr reports whether AppendKeys may take a key from an attribute of that name:
// an engine that looks for keys need not read others.
func KeyAttr(name string) bool {
	switch name {
	case "wirespan.exchange", "wirespan.request_id", "wirespan.request_id.response", AttrFacts:
		return true
	}
	return strings.HasPrefix(name, requestHeader) || strings.HasPrefix(name, responseHeader)
}
