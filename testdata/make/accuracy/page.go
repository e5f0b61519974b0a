package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// line tells of a runtime on the terminal.
func (r *row) line(loads int) string {
	if r.skipped != "" {
		return fmt.Sprintf("%-32s skipped: %s\n", r.name, r.skipped)
	}
	b := fmt.Sprintf("%-32s", r.name)
	for i := range r.cells {
		b += fmt.Sprintf("  %s", r.cells[i].text())
	}
	for _, c := range r.cells {
		if c.lost != "" {
			b += "  lost: " + c.lost
		}
	}
	return b + "\n"
}

// text is right, wrong and unlinked in percent.
func (s *score) text() string {
	if s.calls == 0 {
		return "no calls"
	}
	pc := func(n int) string {
		v := fmt.Sprintf("%.1f", 100*float64(n)/float64(s.calls))
		if n > 0 && v == "0.0" {
			return fmt.Sprintf("%.2f", 100*float64(n)/float64(s.calls))
		}
		return strings.TrimSuffix(v, ".0")
	}
	return pc(s.right) + " / " + pc(s.wrong) + " / " + pc(s.unlinked())
}

// writePage writes the table with what leads to it.
func writePage(out string, o *options, rows []row) error {
	var b bytes.Buffer
	fmt.Fprint(&b, before)
	fmt.Fprintf(&b, "Measured on %s, %d requests in each field, every other one with two calls.\n\n", kernelName(), o.requests)
	b.WriteString("| server | works by |")
	for i, n := range o.loads {
		if i == len(o.loads)-1 && len(o.loads) > 1 {
			fmt.Fprintf(&b, " saturated (%d) |", n)
		} else {
			fmt.Fprintf(&b, " %d at a time |", n)
		}
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(o.loads)) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s |", r.name, r.how)
		for i := range o.loads {
			switch {
			case r.skipped != "" && i == 0:
				fmt.Fprintf(&b, " not measured: %s |", strings.ReplaceAll(strings.TrimSpace(r.skipped), "\n", " "))
			case r.skipped != "":
				b.WriteString(" |")
			default:
				fmt.Fprintf(&b, " %s%s |", r.cells[i].text(), mark(&r.cells[i]))
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n\\* Packets were lost while this was measured, three times in a row.\n")
	if out == "-" {
		_, err := os.Stdout.Write(b.Bytes())
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// mark is that of a field with losses.
func mark(s *score) string {
	if s.lost != "" {
		return " \\*"
	}
	return ""
}

func kernelName() string {
	var u syscall.Utsname
	if syscall.Uname(&u) != nil {
		return "Linux"
	}
	var s []byte
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		s = append(s, byte(c))
	}
	release, _, _ := strings.Cut(string(s), "-")
	return "Linux " + release
}

const before = `# How often threads tell the right parent

With ` + "`--sys`" + `, the kernel says which process, thread and goroutine moved which
bytes, and the linker joins a call with the request that it was made for. How
often it is right depends on how a program works. Here, real servers call a back
end once or twice for every request, and pass no ID; the number of the request
is in the path, where the linker does not look, and each call is compared with it.

Each field has three shares of all calls, in percent: **right** (the call hangs
below its request), **wrong** (below another), and unlinked (below none). Calls
that pass an ID or a trace context are joined by that in any case; this table is
about those that do not.

The page is written by ` + "`go run ./testdata/make/accuracy`" + ` (as root), failures
included.

`
