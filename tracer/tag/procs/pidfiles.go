package procs

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	maxPidFiles = 512
	maxAbove    = 4 // a worker is so far below the process of the pid file
)

// pidFiles name the services of hosts without systemd: nginx.pid holds the
// number of the process that the init script started.
type pidFiles struct{ names map[int]string }

// refresh reads *.pid in the directories and in those below them.
func (p *pidFiles) refresh(dirs []string) {
	p.names = nil
	n := 0
	for _, dir := range dirs {
		for _, pattern := range [...]string{"*.pid", "*/*.pid"} {
			files, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				continue
			}
			for _, f := range files {
				if n++; n > maxPidFiles {
					return
				}
				p.add(f)
			}
		}
	}
}

func (p *pidFiles) add(file string) {
	// A pipe in its place would hold up whoever opens it.
	if st, err := os.Stat(file); err != nil || !st.Mode().IsRegular() {
		return
	}
	b, err := readBounded(file, 64)
	if err != nil {
		return
	}
	word, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(word)))
	if err != nil || pid <= 1 {
		return
	}
	if p.names == nil {
		p.names = make(map[int]string)
	}
	if _, have := p.names[pid]; !have {
		p.names[pid] = strings.TrimSuffix(filepath.Base(file), ".pid")
	}
}

// name returns the service of a process or of one above it.
func (p *pidFiles) name(d *details, pid, parent int) string {
	if len(p.names) == 0 {
		return ""
	}
	for range maxAbove {
		if s := p.names[pid]; s != "" {
			return s
		}
		if parent <= 1 {
			return ""
		}
		pid = parent
		b, err := readBounded(d.path(pid, "stat"), maxStat)
		if err != nil {
			return ""
		}
		if _, parent, _, err = parseStat(b); err != nil {
			return ""
		}
	}
	return ""
}
