package dns

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/wirespan/wirespan/l7"
)

// randomText fills every field of a record that the library can pack with
// something that it accepts, as its presentation form shows it.
func randomRecord(rnd *rand.Rand, typ uint16, name string) dns.RR {
	rr := dns.TypeToRR[typ]()
	*rr.Header() = dns.RR_Header{Name: name, Rrtype: typ, Class: dns.ClassINET, Ttl: rnd.Uint32N(1 << 20)}
	v := reflect.ValueOf(rr).Elem()
	for i := 0; i < v.NumField(); i++ {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("dns")
		switch {
		case f.Type() == reflect.TypeFor[net.IP]():
			if tag == "a" {
				f.SetBytes([]byte{192, 0, 2, byte(rnd.Uint32())})
			} else {
				a := netip.MustParseAddr("2001:db8::1").As16()
				a[15] = byte(rnd.Uint32())
				f.SetBytes(a[:])
			}
		case f.Kind() == reflect.Uint8 || f.Kind() == reflect.Uint16 || f.Kind() == reflect.Uint32:
			f.SetUint(uint64(rnd.Uint32N(200)))
		case f.Kind() == reflect.String && (tag == "domain-name" || tag == "cdomain-name"):
			f.SetString(randomName(rnd))
		case f.Kind() == reflect.String && tag == "":
			f.SetString(fmt.Sprint("s", rnd.Uint32()))
		case f.Type() == reflect.TypeFor[[]string]() && tag == "txt":
			f.Set(reflect.ValueOf([]string{"v=x1", fmt.Sprint("k", rnd.Uint32())}))
		}
	}
	return rr
}

func randomName(rnd *rand.Rand) string {
	var b strings.Builder
	for range 1 + rnd.IntN(4) {
		for range 1 + rnd.IntN(12) {
			b.WriteByte("abcdefXYZ0189-_"[rnd.IntN(15)])
		}
		b.WriteByte('.')
	}
	return b.String()
}

// rarely packed are types whose fields need more than random values.
func packable() (types []uint16) {
	for t := range dns.TypeToRR {
		switch t {
		case dns.TypeOPT, dns.TypeANY, dns.TypeTSIG, dns.TypeTKEY, dns.TypeNULL:
			continue
		}
		types = append(types, t)
	}
	sort.Slice(types, func(i, j int) bool { return types[i] < types[j] })
	return types
}

// TestOracle compares messages of random records of all types, with and
// without compression, with what the library unpacks.
func TestOracle(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	types, done := packable(), map[uint16]int{}
	for range 4000 {
		m := new(dns.Msg)
		m.Id, m.Response, m.Compress = uint16(rnd.Uint32()), true, rnd.IntN(2) == 0
		m.Authoritative, m.Rcode = rnd.IntN(2) == 0, rnd.IntN(11)
		typ := types[rnd.IntN(len(types))]
		m.Question = []dns.Question{{Name: randomName(rnd), Qtype: typ, Qclass: dns.ClassINET}}
		for range rnd.IntN(3) {
			m.Answer = append(m.Answer, randomRecord(rnd, typ, m.Question[0].Name))
		}
		m.Ns = append(m.Ns, randomRecord(rnd, dns.TypeNS, "example.org."))
		if rnd.IntN(2) == 0 {
			m.SetEdns0(1232, false)
			m.Rcode = rnd.IntN(24)
		}
		b, err := m.Pack()
		if err != nil {
			continue // a value that the type does not allow
		}
		var back dns.Msg
		if back.Unpack(b) != nil {
			continue
		}
		done[typ]++
		want := seen{
			kind: l7.Response, dir: l7.ToClient, code: int32(back.Rcode),
			op: dns.TypeToString[typ], name: strings.TrimSuffix(back.Question[0].Name, "."),
		}
		var texts []string
		for _, rr := range back.Answer {
			text := strings.TrimPrefix(rr.String(), rr.Header().String())
			switch typ {
			case dns.TypeA, dns.TypeAAAA:
				want.answers = append(want.answers, fmt.Sprint(want.name, " ", text, " ", rr.Header().Ttl))
			case dns.TypeCNAME, dns.TypeNS, dns.TypePTR, dns.TypeDNAME:
				text = strings.TrimSuffix(text, ".")
			}
			if text != "" {
				texts = append(texts, text)
			}
		}
		ss := run(UDP(), l7.Options{}, part{l7.ToClient, b})
		if len(ss) != 1 {
			t.Fatalf("%d messages from\n%v", len(ss), &back)
		}
		got := ss[0]
		if diff := cmp.Diff(texts, got.all("dns.answers")); diff != "" {
			t.Fatalf("%v\n%s", &back, diff)
		}
		if got.attr("dns.id") != fmt.Sprint(m.Id) || got.attr("wirespan.dns.malformed") != "" ||
			(got.attr("wirespan.dns.authoritative") == "true") != m.Authoritative {
			t.Fatalf("%v\n%+v", &back, got)
		}
		got.match, got.attrs, got.err, got.status = 0, nil, "", l7.Unset
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
			t.Fatalf("%v\n%s", &back, diff)
		}
		if v := detectUDP(l7.ToClient, b); v < l7.Maybe {
			t.Fatalf("not detected: %v", &back)
		}
	}
	if len(done) < len(types)*3/4 {
		t.Errorf("only %d of %d types could be packed", len(done), len(types))
	}
	t.Logf("%d of %d types compared", len(done), len(types))
}

// TestNameOracle compares names of random bytes with the library's text, which
// escapes a few more characters and writes the final dot.
func TestNameOracle(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		msg := make([]byte, rnd.IntN(20)) // bytes before the name
		off := len(msg)
		for range 1 + rnd.IntN(6) {
			n := 1 + rnd.IntN(40)
			msg = append(msg, byte(n))
			for range n {
				msg = append(msg, byte(rnd.Uint32()))
			}
		}
		msg = append(msg, 0)
		want, next, err := dns.UnpackDomainName(msg, off)
		got := appendName(nil, msg, off, false)
		if (err == nil) != got.ok {
			t.Fatalf("%x: %v, %+v", msg, err, got)
		}
		if err != nil {
			continue
		}
		want = strings.TrimSuffix(want, ".")
		for _, c := range ` '@;()"` {
			want = strings.ReplaceAll(want, `\`+string(c), string(c))
		}
		if string(got.text) != want || got.next != next {
			t.Fatalf("%x:\n%s\n%s", msg, got.text, want)
		}
		if skipped, ok := skipName(msg, off); !ok || skipped != next {
			t.Fatalf("%x: skipped to %d, %v", msg, skipped, ok)
		}
	}
}
