package filter

import (
	"strings"

	"github.com/wirespan/wirespan/capture"
)

// Frame control of 802.11, IEEE 802.11, 9.2.4.1: the first byte has version,
// type and subtype, the second one flags.
const (
	fcType, fcSubtype   = 0x0c, 0xf0
	fcControl, fcData   = 0x04, 0x08
	fcCTS, fcACK        = 0xc0, 0xd0
	fcToDS, fcFromDS    = 0x01, 0x02
	fcDirection         = 0x03
	wlanAddr1           = 4
	wlanAddr2           = 10
	wlanAddr3           = 16
	wlanAddr4           = 24
	wlanMaxType         = 0x0c
	wlanTypeMgt         = 0x00
	wlanDirBothWays     = 3
	wlanFirst, wlanNext = 0, 1 // bytes of frame control
)

func (g *generator) fc(byteNo uint32) *value { return g.at(g.header, byteNo, 1) }

// dot11Data is true for data frames.
func (g *generator) dot11Data() *formula {
	return and(not(g.set(g.fc(wlanFirst), fcControl)), g.set(g.fc(wlanFirst), fcData))
}

// wlanMAC compares an 802.11 address: one of the four fields, or receiver,
// transmitter, source or destination, which are in different fields by type
// and direction of the frame. Control frames have neither source nor
// destination.
func (g *generator) wlanMAC(addr [6]byte, dir string) *formula {
	field := func(off uint32) *formula { return g.bytes(g.header.plus(off), addr[:]) }
	control := g.masked(g.fc(wlanFirst), fcType, fcControl)
	hasAddr2 := or(not(control), and(
		not(g.masked(g.fc(wlanFirst), fcSubtype, fcCTS)), not(g.masked(g.fc(wlanFirst), fcSubtype, fcACK))))
	switch dir {
	case "src":
		return g.wlanEnd(func() *formula {
			fourth := and(g.set(g.fc(wlanNext), fcToDS), field(wlanAddr4))
			third := and(not(g.set(g.fc(wlanNext), fcToDS)), field(wlanAddr3))
			return or(and(not(g.set(g.fc(wlanNext), fcFromDS)), field(wlanAddr2)),
				and(g.set(g.fc(wlanNext), fcFromDS), or(third, fourth)))
		}, field(wlanAddr2))
	case "dst":
		return g.wlanEnd(func() *formula { return g.wlanDestination(field) }, field(wlanAddr1))
	case "and":
		return and(g.wlanMAC(addr, "src"), g.wlanMAC(addr, "dst"))
	case "", "or":
		return or(g.wlanMAC(addr, "src"), g.wlanMAC(addr, "dst"))
	case "addr1":
		return field(wlanAddr1)
	case "addr2":
		return and(hasAddr2, field(wlanAddr2))
	case "addr3":
		return and(not(control), field(wlanAddr3))
	case "addr4":
		return and(g.masked(g.fc(wlanNext), fcDirection, wlanDirBothWays), field(wlanAddr4))
	case "ra":
		return and(g.set(g.fc(wlanFirst), fcData), field(wlanAddr1))
	}
	return and(g.set(g.fc(wlanFirst), fcData), hasAddr2, field(wlanAddr2)) // ta
}

// wlanDestination is the destination of a data frame: address 3 on its way to
// the distribution system, else address 1.
func (g *generator) wlanDestination(field func(uint32) *formula) *formula {
	to := g.set(g.fc(wlanNext), fcToDS)
	return or(and(not(to), field(wlanAddr1)), and(to, field(wlanAddr3)))
}

// wlanEnd chooses between data and management frames.
func (g *generator) wlanEnd(data func() *formula, management *formula) *formula {
	isData := g.set(g.fc(wlanFirst), fcData)
	return and(not(g.set(g.fc(wlanFirst), fcControl)), or(and(not(isData), management), and(isData, data())))
}

func (g *generator) wlanMulticast() *formula {
	group := func(off uint32) *formula { return g.set(g.at(g.header, off, 1), 1) }
	return g.wlanEnd(func() *formula { return g.wlanDestination(group) }, group(wlanAddr1))
}

// name is a value with its names.
type name struct {
	v     uint32
	names string // with spaces between
}

func lookup(list []name, word string) (uint32, bool) {
	word = strings.ToLower(word)
	for _, n := range list {
		for one := range strings.FieldsSeq(n.names) {
			if one == word {
				return n.v, true
			}
		}
	}
	return 0, false
}

var wlanTypes = []name{{wlanTypeMgt, "mgt management"}, {fcControl, "ctl control"}, {fcData, "data"}}

var wlanSubtypes = map[uint32][]name{
	wlanTypeMgt: {
		{0x00, "assocreq assoc-req"},
		{0x10, "assocresp assoc-resp"},
		{0x20, "reassocreq reassoc-req"},
		{0x30, "reassocresp reassoc-resp"},
		{0x40, "probereq probe-req"},
		{0x50, "proberesp probe-resp"},
		{0x80, "beacon"},
		{0x90, "atim"},
		{0xa0, "disassoc disassociation"},
		{0xb0, "auth authentication"},
		{0xc0, "deauth deauthentication"},
	},
	fcControl: {{0xa0, "ps-poll"}, {0xb0, "rts"}, {fcCTS, "cts"}, {fcACK, "ack"}, {0xe0, "cf-end"}, {0xf0, "cf-end-ack"}},
	fcData: {
		{0x00, "data"},
		{0x10, "data-cf-ack"},
		{0x20, "data-cf-poll"},
		{0x30, "data-cf-ack-poll"},
		{0x40, "null"},
		{0x50, "cf-ack"},
		{0x60, "cf-poll"},
		{0x70, "cf-ack-poll"},
		{0x80, "qos-data"},
		{0x90, "qos-data-cf-ack"},
		{0xa0, "qos-data-cf-poll"},
		{0xb0, "qos-data-cf-ack-poll"},
		{0xc0, "qos"},
		{0xe0, "qos-cf-poll"},
		{0xf0, "qos-cf-ack-poll"},
	},
}

var wlanDirections = []name{{0, "nods"}, {1, "tods"}, {2, "fromds"}, {3, "dstods"}}

// wlan is "type X", "type X subtype Y", "subtype Y" and "dir X".
func (g *generator) wlan(c *wordCond) *formula {
	if !g.is(capture.LinkIEEE80211, capture.LinkRadiotap) {
		return g.fail(c.at, "802.11 %s is known on 802.11 only, not on %s", c.word, linkNames[g.link])
	}
	arg := c.args[0]
	v, ok := arg.num, arg.kind == tokNum
	switch c.word {
	case "dir":
		if !ok {
			v, ok = lookup(wlanDirections, arg.text)
		}
		if !ok {
			return g.fail(arg.span, "unknown 802.11 direction %q", arg.text)
		}
		return g.masked(g.fc(wlanNext), fcDirection, v)
	case "subtype":
		for _, t := range []uint32{wlanTypeMgt, fcControl, fcData} {
			if s, known := lookup(wlanSubtypes[t], arg.text); known && !ok {
				return g.masked(g.fc(wlanFirst), fcType|fcSubtype, t|s)
			}
		}
		return g.fail(arg.span, "unknown 802.11 subtype %q", arg.text)
	}
	if !ok {
		v, ok = lookup(wlanTypes, arg.text)
	}
	if !ok || v&^fcType != 0 {
		return g.fail(arg.span, "unknown 802.11 type %q", arg.text)
	}
	if len(c.args) == 1 {
		return g.masked(g.fc(wlanFirst), fcType, v)
	}
	sub := c.args[1]
	s, ok := sub.num, sub.kind == tokNum
	if !ok {
		s, ok = lookup(wlanSubtypes[v], sub.text)
	}
	if !ok || s&^fcSubtype != 0 {
		return g.fail(sub.span, "unknown 802.11 subtype %q of this type", sub.text)
	}
	return g.masked(g.fc(wlanFirst), fcType|fcSubtype, v|s)
}
