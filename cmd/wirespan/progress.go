package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/wirespan/wirespan/capture"
)

// progress shows how far the input was read.
type progress struct {
	bar  *progressbar.ProgressBar
	quit chan struct{}
	done chan struct{}
}

// progressDelay keeps the bar away from inputs that are read at once.
const progressDelay = 700 * time.Millisecond

// startProgress draws a bar on stderr for inputs whose size is known. It stays
// away when traces are printed on the same terminal.
func startProgress(o *options, src capture.Source, people bool) *progress {
	st, err := src.Stats()
	tty := term.IsTerminal(int(os.Stderr.Fd()))
	shared := people && term.IsTerminal(int(os.Stdout.Fd()))
	if err != nil || st.Size == 0 || o.progress == "never" || o.progress != "always" && (!tty || shared) {
		return &progress{}
	}
	p := &progress{quit: make(chan struct{}), done: make(chan struct{})}
	p.bar = progressbar.NewOptions64(st.Size,
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("reading"))
	go p.run(src)
	return p
}

func (p *progress) run(src capture.Source) {
	defer close(p.done)
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	begin := time.Now()
	for {
		select {
		case <-p.quit:
			_ = p.bar.Clear()
			return
		case now := <-t.C:
			if st, err := src.Stats(); err == nil && now.Sub(begin) > progressDelay {
				_ = p.bar.Set64(min(st.Read, st.Size))
			}
		}
	}
}

func (p *progress) stop() {
	if p.bar != nil {
		close(p.quit)
		<-p.done
	}
}
