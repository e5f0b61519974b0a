package batch

import "github.com/wirespan/wirespan/tracer/store"

// Unknown is the service of spans whose resource has no service.name, as the
// semantic conventions name it.
const Unknown = "unknown_service"

// Resource is who made spans. Its spans share the list of attributes.
type Resource struct {
	Service, Instance, Agent string
	Attrs                    []store.Attr // the others
}

// Resource takes service, instance and agent out of the attributes of a resource,
// if they are strings.
func (a *Attrs) Resource() Resource {
	r := Resource{Service: Unknown}
	stack := a.b.attrs.stack
	n := a.height
	for _, at := range stack[a.height:] {
		switch text := at.Value.Str; {
		case at.Value.Type != store.String || text == "":
			stack[n] = at
			n++
		case at.Key == "service.name":
			r.Service = text
		case at.Key == "service.instance.id":
			r.Instance = text
		case at.Key == "wirespan.agent":
			r.Agent = text
		default:
			stack[n] = at
			n++
		}
	}
	a.b.attrs.drop(n)
	r.Attrs = a.List()
	return r
}

// Of makes the resource that of a span.
func (r *Resource) Of(s *store.Span) {
	s.Service, s.Instance, s.Agent, s.Resource = r.Service, r.Instance, r.Agent, r.Attrs
}
