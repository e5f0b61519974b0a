package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// line tells of a runtime on the terminal.
func (r *row) line() string {
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
func (c *cell) text() string {
	if c.made == 0 {
		return "no calls"
	}
	pc := func(n int) string {
		v := fmt.Sprintf("%.1f", 100*float64(n)/float64(c.made))
		if n > 0 && v == "0.0" || n < c.made && v == "100.0" {
			v = fmt.Sprintf("%.2f", 100*float64(n)/float64(c.made))
		}
		return strings.TrimSuffix(v, ".0")
	}
	return pc(c.right) + " / " + pc(c.wrong) + " / " + pc(c.unlinked())
}

// publish writes the table into the pages, or where it is asked for.
func publish(out string, o *options, rows []row) error {
	page := before + measured(o) + table(o, rows, true) + lossNote(rows) + after
	switch out {
	case "-":
		_, err := os.Stdout.WriteString(page)
		return err
	case "":
	default:
		return os.WriteFile(out, []byte(page), 0o644)
	}
	if err := os.WriteFile("docs/sys-accuracy.md", []byte(page), 0o644); err != nil {
		return err
	}
	if err := replace("README.md", table(o, rows, false)+lossNote(rows)); err != nil {
		return err
	}
	var goes []row
	for _, r := range rows {
		if strings.HasPrefix(r.name, "Go ") {
			goes = append(goes, r)
		}
	}
	return replace("docs/sys-go.md", table(o, goes, true)+lossNote(goes))
}

// The table of another page stands between these.
const (
	tableBegins = "<!-- written by testdata/make/accuracy -->\n\n"
	tableEnds   = "<!-- end -->"
)

// replace puts a table into a page.
func replace(page, table string) error {
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(b, []byte(tableBegins))
	_, tail, also := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !also {
		return fmt.Errorf("%s has no place for the table", page)
	}
	text := string(head) + tableBegins + table + "\n" + tableEnds + string(tail)
	return os.WriteFile(page, []byte(text), 0o644)
}

func measured(o *options) string {
	return fmt.Sprintf("Measured on %s, %d requests in each field, every other one with two calls where a server makes its calls itself.\n\n", kernelName(), o.requests)
}

// table is the rows, with how they work if it is asked for.
func table(o *options, rows []row, how bool) string {
	var b strings.Builder
	b.WriteString("| server |")
	if how {
		b.WriteString(" works by |")
	}
	for i, n := range o.loads {
		if i == len(o.loads)-1 && len(o.loads) > 1 {
			fmt.Fprintf(&b, " saturated (%d) |", n)
		} else {
			fmt.Fprintf(&b, " %d at a time |", n)
		}
	}
	b.WriteString("\n|---|")
	if how {
		b.WriteString("---|")
	}
	b.WriteString(strings.Repeat("---|", len(o.loads)) + "\n")
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(&b, "| %s |", r.name)
		if how {
			fmt.Fprintf(&b, " %s |", r.how)
		}
		if r.skipped != "" {
			fmt.Fprintf(&b, " not measured: %s |%s\n", strings.ReplaceAll(strings.TrimSpace(r.skipped), "\n", " "), strings.Repeat(" |", len(o.loads)-1))
			continue
		}
		for i := range o.loads {
			fmt.Fprintf(&b, " %s%s |", r.cells[i].text(), mark(&r.cells[i]))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// mark is that of a field with losses.
func mark(c *cell) string {
	if c.lost != "" {
		return " \\*"
	}
	return ""
}

// lossNote explains the mark, if there is one.
func lossNote(rows []row) string {
	for _, r := range rows {
		for i := range r.cells {
			if r.cells[i].lost != "" {
				return "\n\\* Packets or events were lost, or wakes were not told, while this was measured, three times in a row.\n"
			}
		}
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
