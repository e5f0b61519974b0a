package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// instanceReport is what a running instance came to.
type instanceReport struct {
	Addr    string  `json:"addr"`
	Answers bool    `json:"answers"`
	Ready   bool    `json:"ready"`
	Layers  []layer `json:"layers"`
	Verdict string  `json:"verdict"`
}

// layer is one room on the way of a packet, from interface to receiver.
type layer struct {
	finding
	Stops bool `json:"stops"` // nothing, or nothing whole, gets beyond
}

// view is all that is known of an instance when its layers are judged. It is
// data alone: judging asks nobody.
type view struct {
	before, after scrape
	ready         bool
	says          []string
	told          *runStatus        // may be nil
	moved         map[string]uint64 // packets that interfaces counted meanwhile; nil: not known
	trials        []trial
	layers        []layer
}

// movedPackets is what interfaces counted between two looks.
func movedPackets(before, after *ifaceList) map[string]uint64 {
	if before.err != nil || after.err != nil {
		return nil
	}
	m := make(map[string]uint64)
	for _, i := range after.list {
		if was := before.find(i.Name); was != nil {
			m[i.Name] = i.Received + i.Sent - min(i.Received+i.Sent, was.Received+was.Sent)
		}
	}
	return m
}

// addInstance goes through the layers and names the first where things stop.
func (r *doctorReport) addInstance(in *instance, asked bool, moved map[string]uint64, trials []trial) {
	rep := &instanceReport{Addr: in.addr, Answers: in.err == nil, Ready: in.ready}
	s := section{Name: "instance at " + in.addr}
	r.Instance = rep
	if in.err != nil {
		rep.Verdict = fmt.Sprintf("no instance answers at %s: %v", in.addr, in.err)
		s.add(pick2(asked, markMissing, markNote), "answer", "%v", in.err)
		s.fix("start it with --metrics %s", in.addr)
		r.add(s)
		return
	}
	v := &view{before: in.before, after: in.after, ready: in.ready, says: in.says, told: in.told, moved: moved, trials: trials}
	v.judge()
	rep.Layers, rep.Verdict = v.layers, v.verdict()
	for _, l := range rep.Layers {
		s.Findings = append(s.Findings, l.finding)
	}
	r.add(s)
}

func (v *view) judge() {
	for _, room := range []func(){v.process, v.capture, v.decode, v.flows, v.points, v.parsers, v.sampling, v.link, v.outputs} {
		room()
	}
}

// verdict is the first layer that lets nothing through, in a sentence.
func (v *view) verdict() string {
	for _, l := range v.layers {
		if l.Stops {
			return fmt.Sprintf("it stops at %s: %s%s", l.Name, l.Text, pick(l.Fix == "", "", "; "+l.Fix))
		}
	}
	return fmt.Sprintf("nothing stops: %.0f packets became %.0f spans", v.n("wirespan_capture_packets_total"), v.n("wirespan_spans_total"))
}

// n is a metric as it is now, grew by how much it rose meanwhile.
func (v *view) n(name string, labels ...string) float64 { return v.after.sum(name, labels...) }

func (v *view) grew(name string, labels ...string) float64 {
	return v.after.sum(name, labels...) - v.before.sum(name, labels...)
}

func (v *view) add(m mark, stops bool, name, format string, args ...any) {
	v.layers = append(v.layers, layer{finding{Mark: m, Name: name, Text: fmt.Sprintf(format, args...)}, stops})
}

func (v *view) ok(name, format string, args ...any) { v.add(markOK, false, name, format, args...) }
func (v *view) warn(name, format string, args ...any) {
	v.add(markWarning, false, name, format, args...)
}

func (v *view) stop(name, format string, args ...any) {
	v.add(markMissing, true, name, format, args...)
}

func (v *view) fix(format string, args ...any) {
	v.layers[len(v.layers)-1].Fix = fmt.Sprintf(format, args...)
}

// process is whether the pipeline runs at all.
func (v *view) process() {
	what := "it says nothing"
	if len(v.says) > 0 {
		what = v.says[0]
	}
	if !v.ready {
		v.stop("process", "it analyses no packets: %s", what)
		v.fix("%s", map[string]string{"ended": "it has ended", "starting": "ask again in a moment"}[what])
		return
	}
	text := what
	if v.told != nil {
		text += fmt.Sprintf("; wirespan %s", v.told.Version)
	}
	v.ok("process", "%s", text)
	if v.told != nil {
		for _, n := range v.told.Notes {
			v.warn("process", "%s", n)
		}
	}
}

// topOf lists the largest entries, as "12 a, 3 b".
func topOf(m map[string]float64, most int) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if m[a] != m[b] {
			if m[a] > m[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	var l []string
	for _, k := range keys[:min(most, len(keys))] {
		l = append(l, fmt.Sprintf("%.0f %s", m[k], strings.ReplaceAll(k, "_", " ")))
	}
	return strings.Join(l, ", ")
}

// total sums up a map.
func total(m map[string]float64) (sum float64) {
	for _, n := range m {
		sum += n
	}
	return sum
}
