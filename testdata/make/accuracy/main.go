// Accuracy measures how often the linker joins a call with the request it was
// made for, when nothing but the module for processes (--sys) tells: real
// servers of many kinds, each of which calls a back end once or twice for
// every request, without passing any ID, but with the request's number in the
// path, which is the truth that spans are compared with. The table that it
// makes is docs/sys-accuracy.md; README.md and docs/sys-go.md have parts of it.
//
// It needs root, and eBPF; it works in a network namespace of its own. All of it
// takes ten minutes on two quiet cores; on busy ones packets are lost, which is
// told, and such a field is measured again. Java 21, where the host has an
// older one, comes from java21.sh.
//
//	go run ./testdata/make/accuracy                 all, into the pages
//	go run ./testdata/make/accuracy -only python,go -wrong
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are those of a measurement.
type options struct {
	program  string // wirespan
	only     []string
	loads    []int
	requests int
	wrong    bool   // tell each wrong link
	keep     string // folder for spans and events, "" none
	dir      string // of the servers' files
}

// inside says that the process is in the namespace already.
const inside = "WIRESPAN_ACCURACY_INSIDE"

func main() {
	if role := os.Getenv(roleEnv); role != "" {
		fail(play(role))
		return
	}
	var o options
	var only, loads, out string
	flag.StringVar(&o.program, "wirespan", "", "the program; built when empty")
	flag.StringVar(&only, "only", "", "names of runtimes, or their beginnings, with commas")
	flag.StringVar(&loads, "loads", "1,4,16,128", "requests at the same time; the last is what saturates")
	flag.IntVar(&o.requests, "requests", 800, "requests per measurement")
	flag.BoolVar(&o.wrong, "wrong", false, "tell each wrong link")
	flag.StringVar(&o.keep, "keep", "", "keep spans and events in `FOLDER`")
	flag.StringVar(&out, "o", "", "`FILE` for the page alone, - for standard output, which is where it goes with -only; otherwise into all pages")
	flag.Parse()
	if only != "" {
		o.only = strings.Split(only, ",")
		if out == "" {
			out = "-"
		}
	}
	for _, s := range strings.Split(loads, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			fail(fmt.Errorf("-loads %s", loads))
		}
		o.loads = append(o.loads, n)
	}
	if os.Getenv(inside) == "" {
		fail(enter())
		return
	}
	fail(measureAll(&o, out))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

// enter runs this program again in a network namespace.
func enter() error {
	if os.Getuid() != 0 {
		return fmt.Errorf("needs root for a network namespace and eBPF")
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	signal.Ignore(os.Interrupt)
	return cmd.Run()
}

func measureAll(o *options, out string) error {
	if b, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, b)
	}
	dir, err := os.MkdirTemp("", "accuracy")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	o.dir = dir
	if o.program == "" {
		o.program = filepath.Join(dir, "wirespan")
		build := exec.Command("go", "build", "-o", o.program, "./cmd/wirespan")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if b, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build wirespan: %w: %s", err, b)
		}
	}
	if err := writeServers(dir); err != nil {
		return err
	}
	begin := time.Now()
	var rows []row
	for _, r := range runtimes() {
		if !chosen(r.name, o.only) {
			continue
		}
		for _, w := range measureRuntime(o, &r) {
			fmt.Fprint(os.Stderr, w.line())
			rows = append(rows, w)
		}
	}
	fmt.Fprintf(os.Stderr, "%d rows in %v\n", len(rows), time.Since(begin).Round(time.Second))
	return publish(out, o, rows)
}

// chosen reports whether a runtime is asked for.
func chosen(name string, only []string) bool {
	for _, s := range only {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(s)) {
			return true
		}
	}
	return len(only) == 0
}
