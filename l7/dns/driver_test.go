package dns

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/wirespan/wirespan/l7"
)

// seen is a Message, copied.
type seen struct {
	kind     l7.Kind
	dir      l7.Dir
	match    uint64
	more     bool
	protocol string
	op, name string
	code     int32
	status   l7.Status
	err      string
	attrs    []string // "key=value"
	answers  []string // "name addr ttl"
}

func (s seen) attr(key string) string {
	for _, a := range s.attrs {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			return v
		}
	}
	return ""
}

func (s seen) all(key string) (out []string) {
	for _, a := range s.attrs {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			out = append(out, v)
		}
	}
	return out
}

func copyOf(m *l7.Message, dir l7.Dir) seen {
	s := seen{
		kind: m.Kind, dir: dir, match: m.Match, more: m.More, protocol: m.Protocol, op: string(m.Op), name: string(m.Resource),
		code: m.Code, status: m.Status, err: string(m.Error),
	}
	for _, a := range m.Attrs {
		switch keys[a.Key].Type {
		case l7.String, l7.Strings:
			s.attrs = append(s.attrs, keys[a.Key].Name+"="+string(a.Str))
		case l7.Int:
			s.attrs = append(s.attrs, fmt.Sprint(keys[a.Key].Name, "=", a.Num))
		case l7.Bool:
			s.attrs = append(s.attrs, fmt.Sprint(keys[a.Key].Name, "=", a.Num == 1))
		default:
			s.attrs = append(s.attrs, "type of value not used by DNS")
		}
	}
	for _, a := range m.Answers {
		s.answers = append(s.answers, fmt.Sprint(string(a.Name), " ", netip.AddrFrom16(a.Addr).Unmap(), " ", a.TTL))
	}
	return s
}

// part is a piece of one direction.
type part struct {
	dir l7.Dir
	b   []byte
}

// driver is a small engine: it keeps what is unread and calls the parser as
// the contract says, from a buffer that it overwrites afterwards.
type driver struct {
	p      l7.Parser
	udp    bool
	out    l7.Emitter
	unread [2][]byte
	need   [2]int
	seen   []seen
	err    error // last of Parse
}

func newDriver(p l7.Proto, o l7.Options) *driver {
	return &driver{p: p.New(o), udp: p.Transport == l7.UDP}
}

func (d *driver) data(dir l7.Dir, b []byte) {
	d.unread[dir] = append(d.unread[dir], b...)
	for len(d.unread[dir]) > 0 && len(d.unread[dir]) >= d.need[dir] {
		in := bytes.Clone(d.unread[dir])
		d.out.Reset(l7.Stamp{})
		step, err := d.p.Parse(dir, in, &d.out)
		if m, md, ok := d.out.Take(); ok {
			d.seen = append(d.seen, copyOf(m, md))
		}
		for i := range in {
			in[i] = 0xa5
		}
		if err != nil {
			d.err = err
			off, _ := d.p.Resync(dir, d.unread[dir])
			d.unread[dir] = d.unread[dir][off:]
			if off == 0 {
				return
			}
			continue
		}
		d.need[dir] = step.Need
		d.unread[dir] = d.unread[dir][step.Consumed:]
		if step.Consumed == 0 {
			break
		}
	}
	if d.udp {
		d.unread[dir] = nil
	}
}

func (d *driver) end(dir l7.Dir) {
	d.out.Reset(l7.Stamp{})
	d.p.End(dir, d.unread[dir], &d.out)
	if m, md, ok := d.out.Take(); ok {
		d.seen = append(d.seen, copyOf(m, md))
	}
	d.unread[dir] = nil
}

func run(p l7.Proto, o l7.Options, parts ...part) []seen {
	d := newDriver(p, o)
	for _, x := range parts {
		d.data(x.dir, x.b)
	}
	return d.seen
}
