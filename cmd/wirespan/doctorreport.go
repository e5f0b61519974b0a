package main

import (
	"fmt"
	"io"
	"strings"
)

// mark says how a finding stands.
type mark string

// Marks. Only missing keeps live from running, or an instance from telling.
const (
	markOK      mark = "ok"
	markNote    mark = "note"    // neither good nor bad
	markWarning mark = "warning" // something is lost, or costs more
	markMissing mark = "missing"
)

// finding is one line of the report.
type finding struct {
	Mark mark   `json:"mark"`
	Name string `json:"name"`
	Text string `json:"text,omitempty"`
	Fix  string `json:"fix,omitempty"` // what to do about it, a command where there is one
}

// section is what belongs together.
type section struct {
	Name     string    `json:"name"`
	Findings []finding `json:"findings"`
}

func (s *section) add(m mark, name, format string, args ...any) {
	s.Findings = append(s.Findings, finding{Mark: m, Name: name, Text: fmt.Sprintf(format, args...)})
}

// fix adds to the last finding what to do about it.
func (s *section) fix(format string, args ...any) {
	s.Findings[len(s.Findings)-1].Fix = fmt.Sprintf(format, args...)
}

// judge adds a finding that is good, or not as good as that.
func (s *section) judge(good bool, otherwise mark, name, text string) {
	if good {
		otherwise = markOK
	}
	s.add(otherwise, name, "%s", text)
}

// doctorReport is all that was found.
type doctorReport struct {
	Version    string          `json:"version"`
	Host       string          `json:"host"`
	Live       bool            `json:"live"`    // live can run with these rights
	Verdict    []string        `json:"verdict"` // in sentences, the most important one last
	Sections   []section       `json:"sections"`
	Interfaces []ifaceReport   `json:"interfaces"`
	Trials     []trialReport   `json:"trials"`
	Instance   *instanceReport `json:"instance,omitempty"`
}

// add takes sections that have something to say.
func (r *doctorReport) add(list ...section) {
	for _, s := range list {
		if len(s.Findings) > 0 {
			r.Sections = append(r.Sections, s)
		}
	}
}

// conclude says in a sentence or two what follows for the command that is judged.
func (r *doctorReport) conclude(command string, rings *ringTrial, obstacles []error) {
	r.Live = len(obstacles) == 0
	switch {
	case !r.Live:
		for _, err := range obstacles {
			text, advice := firstLine(err)
			r.Verdict = append(append(r.Verdict, command+" cannot run: "+text), advice...)
		}
	case len(rings.names) == 0:
		r.Verdict = append(r.Verdict, command+" can run, but no interface is useful: it would wait for one")
	default:
		r.Verdict = append(r.Verdict, command+" can run on "+strings.Join(rings.names, ", "))
	}
	for _, t := range r.Trials {
		for _, f := range t.findings {
			if f.Mark == markWarning {
				r.Verdict = append(r.Verdict, t.Interface+": "+f.Text)
			}
		}
	}
	if r.Instance != nil {
		r.Verdict = append(r.Verdict, r.Instance.Verdict)
	}
}

// firstLine parts what an error says from its advice, which is on further lines.
func firstLine(err error) (text string, advice []string) {
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			advice = append(advice, line)
		}
	}
	if len(advice) == 0 {
		return "", nil
	}
	return advice[0], advice[1:]
}

// widestName is how wide the column of names gets.
const widestName = 26

// print writes the report for people.
func (r *doctorReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "wirespan %s on %s\n", r.Version, r.Host)
	for _, s := range r.Sections {
		s.print(&b)
	}
	b.WriteString("\nin short\n")
	for _, v := range r.Verdict {
		fmt.Fprintf(&b, "  %s\n", v)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *section) print(b *strings.Builder) {
	width := 0
	for _, f := range s.Findings {
		if n := len([]rune(f.Name)); n <= widestName {
			width = max(width, n)
		}
	}
	fmt.Fprintf(b, "\n%s\n", s.Name)
	for _, f := range s.Findings {
		indent := strings.Repeat(" ", 13+width)
		fmt.Fprintf(b, "  %-7s  %-*s  %s\n", f.Mark, width, f.Name, strings.ReplaceAll(f.Text, "\n", "\n"+indent))
		for line := range strings.Lines(f.Fix) {
			fmt.Fprintf(b, "%s> %s\n", indent, strings.TrimSpace(line))
		}
	}
}
