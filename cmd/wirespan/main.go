package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Exit statuses (DESIGN.md, section 5).
const (
	exitPartial = 1 // some of the input could not be analysed
	exitUsage   = 2
)

// statusError carries an exit status. An empty message was told before.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *statusError) Unwrap() error { return e.err }

// usage makes an error of wrong flags or arguments.
func usage(err error) error { return &statusError{exitUsage, err} }

// gcPercent keeps the heap close to what is in use: nearly all of it holds no
// pointers, so that looking through it costs next to nothing.
const gcPercent = 25

// sameSignal is how long further signals count as the first: timeout(1) and
// terminals send one to the process and to its group.
const sameSignal = 300 * time.Millisecond

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		time.Sleep(sameSignal)
		stop() // a second signal ends at once
	})
	debug.SetGCPercent(gcPercent)
	os.Exit(run(ctx, os.Args[1:]))
}

// run executes the command line and returns the exit status.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(alias(args))
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var se *statusError
	if !errors.As(err, &se) {
		se = &statusError{exitUsage, err}
	}
	if se.err != nil {
		fmt.Fprintf(os.Stderr, "wirespan: %v\n", se.err)
	}
	return se.status
}

// alias turns `wirespan -r FILE` into `wirespan read FILE`, and what begins with
// another flag of tcpdump's into `wirespan live`.
func alias(args []string) []string {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-") {
		return args
	}
	switch args[0] {
	case "-r", "-nr", "--read":
		return readAlias(args[1:])
	case "-h", "--help", "--version", "-":
		return args
	}
	if strings.HasPrefix(args[0], "--config") { // belongs to any command
		return args
	}
	return append([]string{"live"}, args...)
}

// readAlias takes what follows FILE as tcpdump does: words that are no flags
// are a filter.
func readAlias(args []string) []string {
	out := []string{"read"}
	for i, a := range args {
		if i > 0 && !strings.HasPrefix(a, "-") && !strings.HasPrefix(args[i-1], "-") {
			return append(append(out, "--"), args[i:]...)
		}
		if a == "--" {
			return append(out, args[i:]...)
		}
		out = append(out, a)
	}
	return out
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Version:       versionString(),
		Use:           "wirespan",
		Short:         "turns packets into distributed traces",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRead(), newFilter(), newLive(), newMirror(), newVerify(), newServe(), newBench(), newSearch(), newTrace(), newDoctor(), newVersion(), newMan())
	root.SetFlagErrorFunc(flagError)
	withConfig(root)
	return root
}
