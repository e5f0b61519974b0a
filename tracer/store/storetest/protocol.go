package storetest

import (
	"slices"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// told are spans that tell their protocol, or none, each in its own way.
func told() (list []store.Span) {
	add := func(signal store.Signal, name string, attrs ...string) {
		s := plain(len(list))
		s.Signal, s.Name, s.Attrs = signal, name, nil
		for i := 0; i < len(attrs); i += 2 {
			s.Attrs = append(s.Attrs, store.Attr{Key: attrs[i], Value: store.StringValue(attrs[i+1])})
		}
		list = append(list, s)
	}
	add(store.NET, "http: packets", "network.protocol.name", "http")
	add(store.SYS, "http: a process", "network.protocol.name", "http")
	add(store.APP, "http: an SDK", "http.request.method", "GET")
	add(store.APP, "http: an older SDK", "http.method", "GET", "net.protocol.name", "HTTP")
	add(store.NET, "mysql: packets", "network.protocol.name", "mysql", "db.system.name", "mysql")
	add(store.SYS, "mysql: a process", "network.protocol.name", "mysql")
	add(store.APP, "mysql: an SDK", "db.system.name", "mysql")
	add(store.APP, "mysql: an older SDK", "db.system", "mysql")
	add(store.APP, "microsoft.sql_server: an older SDK", "db.system", "mssql")
	add(store.APP, "grpc: an SDK", "rpc.system.name", "grpc", "network.protocol.name", "http")
	add(store.APP, "dubbo: an older SDK", "rpc.system", "apache_dubbo")
	add(store.APP, "kafka: an SDK", "messaging.system", "kafka")
	add(store.NET, "dns: packets", "network.protocol.name", "dns")
	add(store.APP, "none: work", "code.function.name", "f")
	add(store.NET, "none: a connection")
	return list
}

// testProtocols: what Values tells as protocols is what spans are found by, whoever
// tells of them, and what rates have.
func testProtocols(r *rig) {
	list := told()
	r.write(list...)
	want := map[string][]string{}
	for i := range list {
		if p := list[i].Protocol(); p != "" {
			want[p] = append(want[p], list[i].Name)
		}
	}
	for _, when := range []string{"written", "synced"} {
		got, err := r.st.Values(r.ctx, "protocol", "", all, 100)
		if err != nil {
			r.Fatal(err)
		}
		r.equal(when, got, []string{"dns", "dubbo", "grpc", "http", "kafka", "microsoft.sql_server", "mysql"})
		for _, p := range got {
			slices.Sort(want[p])
			r.equal(when+": "+p, names(r.search(where(r, "protocol = "+p))), want[p])
		}
		r.sync()
	}
	r.equal("two", names(r.search(where(r, "protocol in (dns, kafka)"))), []string{"dns: packets", "kafka: an SDK"})
	r.equal("or", names(r.search(where(r, "protocol = dns or name = \"none: work\""))), []string{"dns: packets", "none: work"})
	r.equal("and", names(r.search(where(r, "protocol = http and signal = SYS"))), []string{"http: a process"})
	r.equal("none", names(r.search(where(r, "not protocol exists"))), []string{"none: a connection", "none: work"})
	r.equal("nobody's", names(r.search(where(r, "protocol = gopher"))), []string{})
	r.equal("an impossible one", names(r.search(where(r, "protocol = dns and protocol = http"))), []string{})
	r.equal("of its attribute", names(r.search(where(r, "network.protocol.name = mysql"))), []string{"mysql: a process", "mysql: packets"})
	attribute, err := r.st.Values(r.ctx, "network.protocol.name", "", all, 100)
	if err != nil {
		r.Fatal(err)
	}
	r.equal("values of the attribute", attribute, []string{"dns", "http", "mysql"})
	r.rates(list, store.RateQuery{Window: all, Step: hour, ByName: true})
}

// where is a question with an expression.
func where(r *rig, text string) store.Query {
	r.Helper()
	e, err := query.ParseStored(text, span.NewKeys())
	if err != nil {
		r.Fatal(err)
	}
	return store.Query{Where: e}
}
