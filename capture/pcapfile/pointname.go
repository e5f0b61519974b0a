package pcapfile

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// numbering are the characters that rotation puts at the end of a name.
const numbering = "0123456789._- "

var (
	compressionSuffix = regexp.MustCompile(`(?i)\.(gz|gzip|zst|zstd)$`)
	captureSuffix     = regexp.MustCompile(`(?i)\.(pcapng|pcap|ntar|cap|dmp|dump)[._-]?[0-9]*$`)
)

// pointName is the name of the capture point of a file (SPANS.md,
// wirespan.capture.point): its base name without compression and capture
// suffix, with which tcpdump -C may have written a number.
func pointName(path string) string {
	if path == "-" {
		return "stdin"
	}
	name := filepath.Base(path)
	for _, suffix := range []*regexp.Regexp{compressionSuffix, captureSuffix} {
		if short := suffix.ReplaceAllString(name, ""); short != "" {
			name = short
		}
	}
	return name
}

func directoryName(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Base(path)
}

// sequenceName is the longest common prefix of the names, without the number
// or separator at its end; else the name of the first file.
func sequenceName(files []probed) string {
	if len(files) == 0 {
		return ""
	}
	first := pointName(files[0].path)
	if len(files) == 1 {
		return first
	}
	prefix := first
	for _, f := range files[1:] {
		prefix = sharedPrefix(prefix, pointName(f.path))
	}
	if prefix = strings.TrimRight(prefix, numbering); prefix == "" {
		return first
	}
	return prefix
}

func sharedPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return strings.ToValidUTF8(a[:n], "")
}

// override applies a name that was given without files.
func (p *planner) override() error {
	if p.name == "" {
		return nil
	}
	if len(p.groups) != 1 {
		return fmt.Errorf("name point %q: the inputs are %d points; say which files it has, as %s=FILE+FILE", p.name, len(p.groups), p.name)
	}
	p.groups[0].name, p.groups[0].named = p.name, true
	return nil
}

// distinct puts parent directories in front of names that occur twice, and
// counts where that does not help.
func (p *planner) distinct() {
	for depth := 1; depth <= 16; depth++ {
		twice := p.repeated()
		if len(twice) == 0 {
			return
		}
		for _, g := range p.groups {
			path, _ := filepath.Abs(g.sequences[0][0].path)
			parts := strings.Split(filepath.Dir(path), "/")
			if g.dir != nil {
				parts = parts[:max(len(parts)-1, 0)]
			}
			if parent := len(parts) - depth; twice[g.name] && !g.named && parent >= 0 && parts[parent] != "" && g.sequences[0][0].kind != standardInput {
				g.name = parts[parent] + "/" + g.name
			}
		}
	}
	used := make(map[string]int)
	for _, g := range p.groups {
		if used[g.name]++; used[g.name] > 1 {
			g.name = fmt.Sprintf("%s#%d", g.name, used[g.name])
		}
	}
}

// repeated gives the names that several groups have.
func (p *planner) repeated() map[string]bool {
	count := make(map[string]int)
	twice := make(map[string]bool)
	for _, g := range p.groups {
		if count[g.name]++; count[g.name] > 1 {
			twice[g.name] = true
		}
	}
	return twice
}
