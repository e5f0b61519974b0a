package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

func testValues(r *rig) {
	list := random(3, 2000)
	list[7].Service, list[7].Name, list[7].Kind = "seldom", "never counted", span.Internal
	list[9].Agent = "a2"
	r.writeAll(list)
	values := func(field, service string, w store.Window, limit int) []string {
		r.Helper()
		got, err := r.st.Values(r.ctx, field, service, w, limit)
		if err != nil {
			r.Fatal(err)
		}
		return got
	}
	want := map[string]bool{}
	for i := range list {
		if list[i].Service == "shop" {
			want[list[i].Name] = true
		}
	}
	var ops []string
	for n := range want {
		ops = append(ops, n)
	}
	sort.Strings(ops)
	r.equal("services", values("service", "", all, 100), []string{"cart", "db", "gateway", "seldom", "shop"})
	r.equal("services, two of them", values("service", "", all, 2), []string{"cart", "db"})
	r.equal("operations of a service", values("name", "shop", all, 100), ops)
	r.equal("of one that is never counted", values("name", "seldom", all, 100), []string{"never counted"})
	r.equal("protocols", values("protocol", "", all, 100), []string{"grpc", "http", "mysql"})
	r.equal("an attribute", values("http.response.status_code", "", all, 100), []string{"200"})
	r.equal("agents", values("agent", "", all, 100), []string{"a1", "a2"})
	r.equal("of an empty time", values("service", "", store.Window{From: base + 10*hour, To: base + 11*hour}, 100), []string{})
	r.equal("nobody's attribute", values("no.such.attribute", "", all, 100), []string{})
	r.equal("what is not shown", values(store.AttrFacts, "", all, 100), []string{})
	const step = store.RateStep
	for _, w := range []store.Window{
		{From: base, To: base + step},
		{From: base + 1, To: base + step},
		{From: base, To: base + step - 1},
		{From: base + step/2, To: base + step/2 + 1e8},
		{From: base + step/2, To: base + 2*step + 1},
		{From: base + hour - step/3},
		{To: base + step/4},
		{From: base + 3*step + 7, To: base + 9*step - 7},
	} {
		for _, field := range []string{"service", "name", "protocol"} {
			for _, service := range []string{"", "cart"} {
				some := map[string]bool{}
				for i := range list {
					if w.Holds(list[i].Start) && (service == "" || service == list[i].Service) {
						list[i].Field(field, func(t string) bool {
							some[t] = true
							return true
						})
					}
				}
				r.equal(fmt.Sprintf("%s of %q within %+v", field, service, w), values(field, service, w, 1000), slices.Sorted(maps.Keys(some)))
			}
		}
	}
}

// brute counts as the interface says it, in the plainest way.
func brute(list []store.Span, q store.RateQuery) (out []store.Rate) {
	for i := range list {
		s := &list[i]
		if !store.Counted(s) || !q.Holds(s.Start) || q.Service != "" && q.Service != s.Service || q.Operation != "" && q.Operation != s.Name {
			continue
		}
		protocol := s.Protocol()
		at := s.Start / q.Step * q.Step
		name := ""
		if q.ByName {
			name = s.Name
		}
		j := slices.IndexFunc(out, func(r store.Rate) bool {
			return r.Time == at && r.Service == s.Service && r.Operation == name && r.Protocol == protocol && r.Signal == s.Signal
		})
		if j < 0 {
			j = len(out)
			out = append(out, store.Rate{Time: at, Service: s.Service, Operation: name, Protocol: protocol, Signal: s.Signal})
		}
		r := &out[j]
		r.Count++
		r.Duration += uint64(s.End - s.Start)
		r.Buckets[store.Bucket(s.End-s.Start)]++
		if s.Status == span.Error {
			r.Errors++
		}
	}
	sortRates(out)
	return out
}

func sortRates(list []store.Rate) {
	slices.SortStableFunc(list, func(a, b store.Rate) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Signal, b.Signal))
	})
}

func (r *rig) rates(list []store.Span, q store.RateQuery) {
	r.Helper()
	got, err := r.st.Rates(r.ctx, &q)
	if err != nil {
		r.Fatal(err)
	}
	inOrder := slices.IsSortedFunc(got, func(a, b store.Rate) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation))
	})
	if !inOrder {
		r.Errorf("%+v: not in order of time, service, operation", q)
	}
	sortRates(got)
	r.equal(fmt.Sprintf("%+v", q), got, brute(list, q))
}

func testRates(r *rig) {
	list := random(4, many)
	r.writeAll(list)
	whole := store.Window{From: base, To: base + hour}
	r.rates(list, store.RateQuery{Window: whole, Step: hour})
	r.rates(list, store.RateQuery{Window: whole, Step: hour, ByName: true})
	r.rates(list, store.RateQuery{Window: whole, Step: 60 * second})
	r.rates(list, store.RateQuery{Window: whole, Step: 600 * second, Service: "shop"})
	r.rates(list, store.RateQuery{Window: whole, Step: 600 * second, Service: "shop", ByName: true})
	r.rates(list, store.RateQuery{Window: whole, Step: 600 * second, Service: "shop", Operation: "op 4", ByName: true})
	r.rates(list, store.RateQuery{Window: whole, Step: 600 * second, Operation: "op 4"})
	r.rates(list, store.RateQuery{Window: whole, Step: hour, Service: "nobody"})
	r.sync()
	r.rates(list, store.RateQuery{Window: whole, Step: 60 * second})
}

func testRateWindows(r *rig) {
	list := random(5, 2000)
	r.writeAll(list)
	for _, w := range []store.Window{
		{From: base + 600*second, To: base + 610*second},
		{From: base + 30*second},
		{From: base, To: base + 10*second},
		{From: base + hour, To: base + 2*hour},
	} {
		r.rates(list, store.RateQuery{Window: w, Step: store.RateStep})
		r.rates(list, store.RateQuery{Window: w, Step: 20 * second, ByName: true})
	}
}

func testAliases(r *rig) {
	a := store.Alias{Old: traceID(1), Canonical: traceID(2), Time: base}
	b := store.Alias{Old: traceID(3), Canonical: traceID(2), Time: base + 1}
	c := store.Alias{Old: traceID(4), Canonical: traceID(5), Time: base + 2}
	if err := r.st.Alias(r.ctx, []store.Alias{a, b}); err != nil {
		r.Fatal(err)
	}
	if err := r.st.Alias(r.ctx, []store.Alias{c}); err != nil {
		r.Fatal(err)
	}
	if err := r.st.Alias(r.ctx, []store.Alias{a, c}); err != nil { // again
		r.Fatal(err)
	}
	for _, x := range []struct {
		ids  []span.TraceID
		want []store.Alias
	}{
		{[]span.TraceID{traceID(1)}, []store.Alias{a}},
		{[]span.TraceID{traceID(2)}, []store.Alias{a, b}},
		{[]span.TraceID{traceID(1), traceID(2), traceID(5)}, []store.Alias{a, b, c}},
		{[]span.TraceID{traceID(9)}, nil},
		{nil, nil},
	} {
		got, err := r.st.Aliases(r.ctx, x.ids)
		if err != nil {
			r.Fatal(err)
		}
		slices.SortFunc(got, func(a, b store.Alias) int { return cmp.Compare(a.Time, b.Time) })
		r.equal(fmt.Sprint(x.ids), got, x.want)
	}
}
