package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// asWatcher makes TestWatcherChild a program that follows its configuration.
const asWatcher = "WIRESPAN_TEST_AS_WATCHER"

// TestWatcherChild is that program: it prints what it takes over, until its
// input ends.
func TestWatcherChild(t *testing.T) {
	file := os.Getenv(asWatcher)
	if file == "" {
		t.Skip("runs below TestWatchConfig")
	}
	cmd := newRead()
	root := &cobra.Command{Use: "wirespan"}
	withConfig(root)
	root.AddCommand(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		apply := func(c *configChange) error {
			fresh := &options{}
			flags := pflag.NewFlagSet("read", pflag.ContinueOnError)
			fresh.add(flags)
			if err := c.fill(flags); err != nil {
				return err
			}
			if fresh.redactNames != nil && fresh.redactNames[0] == "refuse" {
				return errors.New("refused")
			}
			fmt.Printf("applied %v: redact=%s names=%v workers=%d\n", c.keys, fresh.redact, fresh.names, fresh.workers)
			return nil
		}
		defer watchConfig(cmd.Context(), apply, func(line string) { fmt.Println(line) })()
		fmt.Println("watching")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return nil
	}
	root.SetArgs([]string{"read", "--config", file, "--spans=pair"})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestWatchConfig changes the file of a running program, and sends it SIGHUP.
func TestWatchConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.yaml")
	write := func(text string) {
		t.Helper()
		// By renaming, so that the program never sees half of it.
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write("redact: on\n")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestWatcherChild$", "-test.v")
	child.Env = append(os.Environ(), asWatcher+"="+file)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	want := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
			if strings.Contains(lines.Text(), "applied") {
				t.Fatalf("have %q, want %q", lines.Text(), text)
			}
		}
		t.Fatalf("no %q", text)
	}
	hup := func() {
		t.Helper()
		if err := child.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	want("watching")
	hup()
	want("nothing changed")
	write("redact: off\nname: {192.0.2.1: web}\n")
	want("applied [name redact]: redact=off names=[192.0.2.1=web] workers=0")
	want("configuration changed: name, redact")
	write("redact: maybe\n")
	want(file + `:1:9: redact: "maybe": want on or off`)
	write("redact: off\nname: {192.0.2.1: web}\nworkers: 3\n")
	want("key workers changed: takes effect after a restart")
	write("redact: on\nworkers: 3\nspans: single\n") // --spans was given
	want("applied [name redact]: redact=on names=[] workers=0")
	write("redact: on\nworkers: 3\nredact.name: refuse\n")
	want("the configuration stays as it was: refused")
	hup()
	want("the configuration stays as it was: refused")
	write("workers: 3\n")
	hup()
	want("nothing changed")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	want("stays as it was")
	write("redact: off\n")
	want("applied [redact]: redact=off names=[] workers=0")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // to the end
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
}
