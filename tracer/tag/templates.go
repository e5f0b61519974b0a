package tag

// Default bounds of Templates.
const (
	DefaultPerService = 200
	DefaultServices   = 4096
)

// Templates remembers which templates each service has used, so that a service
// whose paths defeat AppendTemplate does not give a name per request. The
// first to come are admitted; callers ask in release order, so the answers are
// the same in every run. Not safe for concurrent use.
type Templates struct {
	perService int
	services   int
	seen       map[string]map[string]struct{}
	rest       map[string]struct{} // shared by all services beyond the bound
	overflow   int64
}

// NewTemplates returns a Templates for at most the given number of services
// and of templates in each. Services beyond the bound share one more list.
func NewTemplates(services, perService int) *Templates {
	return &Templates{
		perService: perService,
		services:   services,
		seen:       make(map[string]map[string]struct{}),
		rest:       make(map[string]struct{}),
	}
}

// Admit reports whether the template may name a span of the service; if not,
// the span is named by its method alone. Neither slice is kept.
func (t *Templates) Admit(service, template []byte) bool {
	set, ok := t.seen[string(service)]
	if !ok {
		set = t.rest
		if len(t.seen) < t.services {
			set = make(map[string]struct{})
			t.seen[string(service)] = set
		}
	}
	if _, ok = set[string(template)]; ok {
		return true
	}
	if len(set) >= t.perService {
		t.overflow++
		return false
	}
	set[string(template)] = struct{}{}
	return true
}

// Overflow is how often Admit refused.
func (t *Templates) Overflow() int64 { return t.overflow }
