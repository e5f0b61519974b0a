package store

import "strings"

// Protocol is what people search for as the protocol of a span: network.protocol.name
// of NET and SYS spans, and for those of SDKs the same as CallOf's, without looking
// at the rest. Empty if the span does not tell.
func (s *Span) Protocol() string {
	p := strings.ToLower(s.text("network.protocol.name"))
	if s.Signal != APP && p != "" {
		return p
	}
	switch {
	case s.has("rpc.system.name") || s.has("rpc.method"):
		if system := s.text("rpc.system.name"); system != "" {
			return strings.TrimPrefix(system, "apache_")
		}
	case s.has("db.system.name"):
		system := s.text("db.system.name")
		if name, ok := renamedSystems[system]; ok {
			return name
		}
		return system
	case s.has("messaging.system"):
		return s.text("messaging.system")
	case s.has("http.request.method") || s.has("url.full") || s.has("http.response.status_code"):
		if p == "" || p == "https" {
			return "http"
		}
	}
	return p
}
