package link

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
)

// Hosts of a chain of gateways.
const (
	balancer = "10.0.1.1"
	gateway  = "10.0.1.2"
	service  = "10.0.1.3"
	database = "10.0.1.4"
)

// TestGatewayChains holds that client, load balancer, gateway, service and
// database become one trace, whatever the gateways do with the ID, whatever it
// is called, and however the legs spread over mirrors.
func TestGatewayChains(t *testing.T) {
	const one, two, three = "=2f1c9a0e5d7b4836a1b2c3d4e5f60718", "=aaaa9a0e5d7b4836a1b2c3d4e5f60719", "=bbbb9a0e5d7b4836a1b2c3d4e5f60720"
	type leg struct{ ids, echo, rule string }
	modes := []struct {
		about string
		fwd   bool
		legs  func(h string) [4]leg // client, balancer, gateway, service
	}{
		{"the client's ID is passed on", false, func(h string) [4]leg {
			return [4]leg{{ids: h + one}, {h + one, "", "header_id 0.99"}, {h + one, "", "header_id 0.99"}, {h + one, "", "header_id 0.99"}}
		}},
		{"the balancer makes one up and echoes it", false, func(h string) [4]leg {
			return [4]leg{{echo: h + one}, {h + one, "", "header_id 0.99"}, {h + one, "", "header_id 0.99"}, {h + one, "", "header_id 0.99"}}
		}},
		{"the balancer makes one up and keeps it from the client", false, func(h string) [4]leg {
			return [4]leg{{}, {h + one, "", "sole_candidate 0.8"}, {h + one, "", "header_id 0.99"}, {h + one, "", "header_id 0.99"}}
		}},
		{"every gateway replaces it and returns its own", false, func(h string) [4]leg {
			return [4]leg{{ids: h + one, echo: h + two}, {h + two, h + three, "header_id 0.99"}, {h + three, "", "header_id 0.99"}, {h + three, "", "header_id 0.99"}}
		}},
		{"the balancer replaces it, returns nothing and names the client", true, func(h string) [4]leg {
			return [4]leg{{ids: h + one}, {h + two, "", "inferred 0.95"}, {h + two, "", "header_id 0.99"}, {h + two, "", "header_id 0.99"}}
		}},
		{"the service makes it up and the gateways pass it back", false, func(h string) [4]leg {
			return [4]leg{{echo: h + one}, {"", h + one, "header_id 0.99"}, {"", h + one, "header_id 0.99"}, {h + one, "", "header_id 0.99"}}
		}},
		{"each gateway adds one of its own and passes on what it got", false, func(h string) [4]leg {
			return [4]leg{{}, {h + one, "", "sole_candidate 0.8"}, {h + one + " x-unique-id" + two, "", "header_id 0.99"}, {"x-unique-id" + two, "", "header_id 0.99"}}
		}},
	}
	spreads := map[string][4][]string{
		"one mirror":        {{"m"}, {"m"}, {"m"}, {"m"}},
		"a mirror per leg":  {{"m1"}, {"m2"}, {"m3"}, {"m4"}},
		"mirrors at hosts":  {{"c", "b"}, {"b", "g"}, {"g", "s"}, {"s", "d"}},
		"front and back":    {{"f"}, {"f", "k"}, {"k"}, {"k"}},
		"only the back two": {{"k"}, {"k"}, {"k", "l"}, {"l"}},
	}
	for _, h := range []string{"x-request-id", "x-bfe-log-id", "stgw-request-id", "x-blb-request-id", "x-serial-number"} {
		for _, m := range modes {
			for spread, points := range spreads {
				t.Run(h+"/"+m.about+"/"+spread, func(t *testing.T) {
					legs := m.legs(h)
					inferred := slices.ContainsFunc(legs[:], func(l leg) bool { return strings.HasPrefix(l.rule, "sole") || strings.HasPrefix(l.rule, "inf") })
					if inferred && spread == "a mirror per leg" {
						t.Skip("nothing is inferred without common time")
					}
					var calls []call
					var want []string
					hosts := [...]string{cl, balancer, gateway, service, database}
					parent := ""
					for i, l := range legs {
						for j, p := range points[i] {
							n := int64(4*i + j)
							c := call{
								name: string(rune('a' + i)), from: hosts[i] + ":41000", to: hosts[i+1], at: n, end: 100 - n, point: p,
								ids: l.ids, echo: l.echo, target: "GET /orders",
							}
							if i == 3 {
								c.class, c.target = l7.ClassDB, ""
							}
							if m.fwd && i > 0 && i < 3 {
								c.fwd = hosts[i-1]
							}
							calls = append(calls, c)
							line := fmt.Sprintf("1 %s@%s", c.name, p)
							switch {
							case j > 0:
								line += " < " + parent + " sighting 1"
							case i > 0:
								line += " < " + parent + " " + l.rule
							}
							parent = c.name + "@" + p
							want = append(want, line)
						}
					}
					s := newScene(t)
					s.feed(calls...)
					s.flush()
					if d := cmp.Diff(sorted(want), sorted(s.tell(s.spans))); d != "" {
						t.Error(d)
					}
				})
			}
		}
	}
}
