package pcapfile

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Recording names the recording of a live run that a pcapng file is part of.
// It stands in comments, which other programs show and keep: that of the
// section says which file of which recording it is, those of an interface say
// which agent saw its packets and at which capture point. So reading the
// files gives the points of the live run, whatever the files are called.
type Recording struct {
	Agent string // name of the capturing instance
	ID    string // equal in all files of one recording, and in no other
	File  uint64 // number of the file in the recording
	// Settings are those of the run that decide on capture points behind the
	// source, a line each; the reader of the file is to understand them.
	Settings string
}

// Comments of a recording: the key, and the rest is its value.
const (
	commentAgent = "wirespan.agent="
	commentPoint = "wirespan.capture.point="
	commentFile  = "wirespan.recording=" // ID/number
	commentSet   = "wirespan.setting="   // one line of Recording.Settings
)

// maxSettings bounds Recording.Settings in bytes.
const maxSettings = 64 << 10

func (r *Recording) file() string {
	return commentFile + r.ID + "/" + strconv.FormatUint(r.File, 10)
}

// takeFile reads the comment of a section.
func (r *Recording) takeFile(value []byte) {
	text := cleanName(value, maxComment)
	if line, ok := strings.CutPrefix(text, commentSet); ok && len(r.Settings)+len(line) < maxSettings {
		r.Settings += line + "\n"
	}
	rest, ok := strings.CutPrefix(text, commentFile)
	if !ok {
		return
	}
	id, number, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseUint(number, 10, 64)
	if id != "" && err == nil {
		r.ID, r.File = id, n
	}
}

// maxComment bounds the comments that are looked at.
const maxComment = 1024

// recordedAt reads a comment of an interface.
func (f *iface) recordedAt(value []byte) {
	text := cleanName(value, maxComment)
	if point, ok := strings.CutPrefix(text, commentPoint); ok {
		f.point = point
	} else if agent, ok := strings.CutPrefix(text, commentAgent); ok {
		f.agent = agent
	}
}

// Agents lists the agents that recorded the regular files among the inputs, in
// alphabetical order; none when wirespan did not write them.
func (s *Source) Agents() []string { return s.agents }

// Settings lists the settings (Recording.Settings) of the recordings among the
// inputs, each line once, in the order of the inputs.
func (s *Source) Settings() []string { return s.settings }

// addAgents notes who recorded the files of a group, and how.
func (s *Source) addAgents(g *group) {
	for _, sequence := range g.sequences {
		for _, f := range sequence {
			if f.agent != "" && !slices.Contains(s.agents, f.agent) {
				s.agents = append(s.agents, f.agent)
			}
			for line := range strings.Lines(f.recording.Settings) {
				if line = strings.TrimSuffix(line, "\n"); !slices.Contains(s.settings, line) {
					s.settings = append(s.settings, line)
				}
			}
		}
	}
	slices.Sort(s.agents)
}

// byRecording puts the files of one recording into the order in which they
// were written: where packets of several rings meet, their times overlap.
func byRecording(timed []probed) {
	places := make(map[string][]int)
	for i := range timed {
		if id := timed[i].recording.ID; id != "" {
			places[id] = append(places[id], i)
		}
	}
	for _, at := range places {
		files := make([]probed, len(at))
		for i, place := range at {
			files[i] = timed[place]
		}
		slices.SortStableFunc(files, func(a, b probed) int { return cmp.Compare(a.recording.File, b.recording.File) })
		for i, place := range at {
			timed[place] = files[i]
		}
	}
}

// sameRecording reports whether two files are of one recording, a before b.
func sameRecording(a, b *probed) bool {
	return a.recording.ID != "" && a.recording.ID == b.recording.ID && a.recording.File < b.recording.File
}
