package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bounds of one damaged input.
const (
	patience   = 20 * time.Second
	mostMemory = 200 << 20
)

// TestMalformed runs the program over every damaged capture: it ends in time,
// in bounded memory, without a panic and with exit status 0 or 1.
func TestMalformed(t *testing.T) {
	t.Parallel()
	dir := sharedCapture(t, "captures", "malformed")
	if testing.Short() {
		t.Skip("a process per file; TestEveryCapture reads them in one")
	}
	all, _ := filepath.Glob(filepath.Join(dir, "*"))
	var files []string
	for _, f := range all {
		if !strings.HasSuffix(f, ".ndjson") && !strings.HasSuffix(f, ".result") {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		t.Fatal("no damaged captures in " + dir)
	}
	each(files, func(f string) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := programCmd(ctx, "read", f, "--out", "otlp:"+os.DevNull, "--out", "tree:"+os.DevNull, "--out", "har:"+os.DevNull, "--out", "chrome:"+os.DevNull)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Error(err)
			return
		}
		peak := watchMemory(cmd.Process.Pid)
		err := cmd.Wait()
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			t.Errorf("%s: not done after %v", f, patience)
		case err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1):
			t.Errorf("%s: %v\n%.2000s", f, err, &errs)
		case strings.Contains(errs.String(), "panic") || strings.Contains(errs.String(), "parser contract"):
			t.Errorf("%s: %.2000s", f, &errs)
		}
		if n := <-peak; n > mostMemory {
			t.Errorf("%s: %d MiB of memory", f, n>>20)
		}
	})
}

// watchMemory samples the peak memory of a process until it ends; its rusage
// would count what it shared with us before it became another program.
func watchMemory(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, after, ok := bytes.Cut(b, []byte("VmHWM:"))
			if err != nil || !ok { // it has ended
				peak <- most
				return
			}
			var kib int64
			if _, err := fmt.Sscan(string(after), &kib); err == nil {
				most = max(most, kib<<10)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return peak
}

// each calls f for every path, four at a time.
func each(paths []string, f func(string)) {
	var wg sync.WaitGroup
	var one sync.Mutex
	next := 0
	for range 4 {
		wg.Go(func() {
			for {
				one.Lock()
				i := next
				next++
				one.Unlock()
				if i >= len(paths) {
					return
				}
				f(paths[i])
			}
		})
	}
	wg.Wait()
}

// TestEveryCapture runs the pipeline over every capture that is shared, of
// every protocol, known or not: sound spans, no hang, exit status 0 or 1.
func TestEveryCapture(t *testing.T) {
	t.Parallel()
	root := sharedCapture(t, "captures")
	var files []string
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.Base(path)
		if err == nil && !d.IsDir() && (strings.Contains(name, ".pcap") || strings.HasSuffix(name, ".cap")) {
			files = append(files, path)
		}
		return nil
	})
	dir := t.TempDir()
	var mu sync.Mutex
	spans := 0
	each(files, func(f string) {
		out := filepath.Join(dir, strings.ReplaceAll(f, "/", "_"))
		done := make(chan int, 1)
		begin := time.Now()
		go func() {
			done <- run(t.Context(), []string{"read", "--summary=false", "--progress=never", "--workers=2", "--out", "ndjson:" + out, f})
		}()
		select {
		case code := <-done:
			if code > 1 {
				t.Errorf("%s: exit status %d", f, code)
			}
		case <-time.After(patience):
			t.Errorf("%s: not done after %v", f, time.Since(begin))
			return
		}
		if b, err := os.ReadFile(out); err == nil {
			checkSound(t, filepath.Base(f), b)
			mu.Lock()
			spans += bytes.Count(b, []byte("\n"))
			mu.Unlock()
		}
		_ = os.Remove(out)
	})
	if spans < 5000 {
		t.Errorf("%d spans in %d captures", spans, len(files))
	}
}

// TestDamaged cuts and flips bytes of the recorded captures: whatever is left
// is analysed without failing.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"http-siblings", "dns-call", "vxlan-fragments", "contexts"} {
		whole := readFile(t, goldenCapture(name))
		for i := range 60 {
			b := bytes.Clone(whole)
			seed := uint32(i)*2654435761 + 12345
			for range 1 + i%20 {
				seed = seed*1664525 + 1013904223
				b[24+int(seed>>8)%(len(b)-24)] ^= byte(seed>>3) | 1
			}
			if i%3 == 0 {
				b = b[:24+int(seed>>9)%(len(b)-24)]
			}
			path := writeFile(t, fmt.Sprintf("%s-%d.pcap", name, i), b)
			if code := run(t.Context(), []string{"read", "--summary=false", "--out", "ndjson:" + os.DevNull, path}); code > 1 {
				t.Errorf("%s, damage %d: exit status %d", name, i, code)
			}
		}
	}
}
