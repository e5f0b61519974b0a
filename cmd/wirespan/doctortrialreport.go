package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wirespan/wirespan/capture/wire"
)

// trialReport is what a trial came to.
type trialReport struct {
	Interface  string            `json:"interface"`
	Seconds    float64           `json:"seconds"`
	Packets    uint64            `json:"packets"`
	Bytes      uint64            `json:"bytes"` // on the wire
	In         uint64            `json:"in"`
	Out        uint64            `json:"out"`
	Cut        uint64            `json:"cut"`
	Large      uint64            `json:"larger_than_mtu"`
	Decoded    map[string]uint64 `json:"decoded"`
	Twice      uint64            `json:"seen_twice"`
	Elsewhere  uint64            `json:"seen_elsewhere"`
	Compared   uint64            `json:"compared"`
	Drops      uint64            `json:"kernel_drops"`
	IfDrops    uint64            `json:"interface_drops"`
	Backwards  uint64            `json:"times_backwards"`
	SkewMillis float64           `json:"clock_skew_ms"`
	Survey     surveyCounts      `json:"connections"`

	findings []finding
}

// Shares from which on something is told, and packets below which nothing is.
const (
	fewPackets  = 10
	twiceShare  = 0.02 // of packets seen twice: chance does not do that
	sidedShare  = 0.5  // of connections seen in one direction
	tlsShare    = 0.5  // of payload
	decodeShare = 0.5  // of packets that are neither TCP nor UDP
	skewLimit   = time.Second
)

// plainAdvice is what to do about encrypted connections.
const plainAdvice = "capture where it is plain, on the loopback or behind the proxy that ends TLS, or give the secrets: --tls-keylog FILE"

// addTrials adds the section of the trial.
func (r *doctorReport) addTrials(list []trial, ifs *ifaceList, length time.Duration) {
	s := section{Name: fmt.Sprintf("trial capture of %v", length)}
	for i := range list {
		t := &list[i]
		rep := t.report()
		t.judge(&rep, ifs.find(t.name))
		r.Trials = append(r.Trials, rep)
		s.Findings = append(s.Findings, rep.findings...)
	}
	if len(list) == 0 {
		s.add(markNote, "nothing", "no interface to capture on")
	}
	r.add(s)
}

func (t *trial) report() trialReport {
	r := trialReport{
		Interface: t.name, Seconds: t.took.Seconds(), Packets: t.packets, Bytes: t.bytes, In: t.in, Out: t.out, Cut: t.cut, Large: t.large,
		Decoded: make(map[string]uint64), Twice: t.twice, Elsewhere: t.elsewhere, Compared: t.compared,
		Drops: t.stats.Drops, IfDrops: t.stats.IfDrops + t.stats.IfMissed,
		Backwards: t.backwards, SkewMillis: float64(t.skew.Microseconds()) / 1e3, Survey: t.conns.sum(),
	}
	for i, n := range t.reasons {
		if n > 0 {
			r.Decoded[labelWord(wire.Reason(i).String())] = n
		}
	}
	return r
}

// judge says what the figures mean.
func (t *trial) judge(r *trialReport, i *ifaceReport) {
	s := section{}
	defer func() { r.findings = s.Findings }()
	if t.err != nil {
		s.add(markWarning, t.name, "ended early: %v", t.err)
	}
	if t.packets == 0 {
		s.add(markNote, t.name, "no packet%s", pick(i != nil && !i.Up, ": the interface is down", ""))
		return
	}
	s.add(markOK, t.name, "%s", t.figures(r))
	if t.packets < fewPackets {
		return
	}
	t.judgeWays(&s, r)
	t.judgeTwice(&s)
	t.judgeContent(&s, r)
	if r.Drops > 0 {
		s.add(markWarning, t.name, "%d packets dropped by the kernel: the ring was full", r.Drops)
		s.fix("wirespan live -B 64MiB, a filter, or --workers 2")
	}
	if r.IfDrops > 0 {
		s.add(markWarning, t.name, "%d packets dropped by the interface", r.IfDrops)
		s.fix("ethtool -g %s   shows its buffers, -G makes them larger", t.name)
	}
	if t.cut > 0 {
		s.add(markWarning, t.name, "%d packets are shorter than on the wire: --snaplen, or larger than a block of the ring", t.cut)
		s.fix("wirespan live --snaplen 0 --block-size 256KiB")
	}
	if t.backwards*10 > t.packets {
		s.add(markWarning, t.name, "times of packets go back %d times", t.backwards)
	}
	if t.skew.Abs() > skewLimit {
		s.add(markWarning, t.name, "times of packets differ from the clock of the host by %v", t.skew.Round(time.Millisecond))
	}
}

// figures is the line that everyone gets.
func (t *trial) figures(r *trialReport) string {
	per := t.took.Seconds()
	l := []string{fmt.Sprintf("%.0f packets/s, %s/s", float64(t.packets)/per, sizeText(uint64(float64(t.bytes)/per)))}
	if t.in+t.out > 0 {
		l = append(l, fmt.Sprintf("%d in, %d out", t.in, t.out))
	}
	l = append(l, fmt.Sprintf("%d%% decoded", t.reasons[wire.OK]*100/t.packets))
	if r.Survey.Bytes > 0 {
		l = append(l, fmt.Sprintf("%d%% of payload encrypted", r.Survey.Encrypted*100/r.Survey.Bytes))
	}
	l = append(l, fmt.Sprintf("%d dropped", r.Drops))
	if t.large > 0 {
		l = append(l, fmt.Sprintf("%d%% larger than the MTU", t.large*100/t.packets))
	}
	if t.passed < t.judged {
		l = append(l, fmt.Sprintf("the filter takes %d%%", t.passed*100/t.judged))
	}
	text := strings.Join(l, ", ")
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.Survey.Protocols)) {
		names = append(names, fmt.Sprintf("%d %s", r.Survey.Protocols[name], name))
	}
	if r.Survey.Unknown > 0 {
		names = append(names, fmt.Sprintf("%d not recognised", r.Survey.Unknown))
	}
	if len(names) > 0 {
		text += "\nconnections: " + strings.Join(names, ", ")
	}
	return text
}

// judgeWays finds mirrors that show half of everything.
func (t *trial) judgeWays(s *section, r *trialReport) {
	n := r.Survey
	if n.TCP > 0 && float64(n.OneSided) > sidedShare*float64(n.TCP) {
		s.add(markWarning, t.name, "one direction only: of %s, %d show only one side; requests and responses cannot be paired", countOf(n.TCP, "TCP connection"), n.OneSided)
		s.fix("let the mirror copy both directions; a tap with one port per direction is -i %s+OTHER=NAME; check --direction and asymmetric routes", t.name)
		return
	}
	if n.TCP == 0 && (t.in == 0) != (t.out == 0) {
		s.add(markNote, t.name, "packets in one direction only, %s", pick(t.in == 0, "out", "in"))
	}
}

// judgeTwice finds mirrors, and interfaces, that show packets again.
func (t *trial) judgeTwice(s *section) {
	if t.compared < fewPackets {
		return
	}
	if float64(t.twice) > twiceShare*float64(t.compared) {
		s.add(markWarning, t.name, "duplicates: %d of %d packets came twice at this interface", t.twice, t.compared)
		s.fix("a mirror that copies a port in both directions, or two ports of one path, shows packets twice; let it copy one port, or only what is received")
	}
	if float64(t.elsewhere) > twiceShare*float64(t.compared) {
		s.add(markNote, t.name, "%d of %d packets were seen at another interface, too: each exchange is a span at both", t.elsewhere, t.compared)
		s.fix("wirespan live --once counts them once; -i chooses one interface")
	}
}

func (t *trial) judgeContent(s *section, r *trialReport) {
	n := r.Survey
	if ok := t.reasons[wire.OK]; float64(ok) < decodeShare*float64(t.packets) {
		reason, most := wire.OK, uint64(0)
		for i, c := range t.reasons {
			if wire.Reason(i) != wire.OK && c > most {
				reason, most = wire.Reason(i), c
			}
		}
		s.add(markWarning, t.name, "%d of %d packets carry nothing that is read: most are %q", t.packets-ok, t.packets, reason)
	}
	if n.Bytes > 0 && float64(n.Encrypted) > tlsShare*float64(n.Bytes) {
		s.add(markWarning, t.name, "%d%% of the payload is encrypted (TLS, QUIC): of these connections the requests cannot be read", n.Encrypted*100/n.Bytes)
		s.fix("%s", plainAdvice)
	}
	if t.judged > 0 && t.passed == 0 {
		s.add(markWarning, t.name, "the filter (%s) takes none of %d packets", t.filter, t.judged)
	}
}
