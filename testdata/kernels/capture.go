package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is long, for the machine may be emulated.
const patience = 2 * time.Minute

// requestID is what the span must carry.
const requestID = "7f3d9c1e5b2a48d6a1c0e4f8b7d6c5a4"

// capture runs one exchange under wirespan's eyes.
func capture(addr string) error {
	return live(arguments(), func(p *os.Process, spans, said <-chan string) error { return converse(addr, p, spans, said) })
}

// live runs wirespan on lo with more arguments while f looks at what it says.
func live(more []string, f func(p *os.Process, spans, said <-chan string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	args := append([]string{"live", "-i", "lo", "--out", "ndjson:-", "--status", "never", "--user", "wirespan", "--verbose"}, more...)
	cmd := exec.CommandContext(ctx, "/wirespan", args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("open pipe: %w", err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("open pipe: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start wirespan: %w", err)
	}
	spans, said := lines("span", stdout), lines("said", stderr)
	err = f(cmd.Process, spans, said)
	_ = cmd.Process.Signal(os.Interrupt)
	drain(spans)
	drain(said)
	if e := cmd.Wait(); err == nil && e != nil {
		err = fmt.Errorf("end wirespan: %w", e)
	}
	return err
}

// converse waits until wirespan listens, asks, and waits for the span.
func converse(addr string, p *os.Process, spans, said <-chan string) error {
	if err := until(said, "listening on"); err != nil {
		return fmt.Errorf("wirespan does not listen: %w", err)
	}
	if err := confined(p.Pid); err != nil {
		return err
	}
	if err := ask(addr, requestID); err != nil {
		return err
	}
	if err := until(spans, requestID); err != nil {
		return fmt.Errorf("no span of the request: %w", err)
	}
	return nil
}

// ask makes a request with an ID on a connection of its own.
func ask(addr, id string) error {
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/kernel/test", nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("X-Request-Id", id)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	return resp.Body.Close()
}

// serve answers on lo.
func serve() (addr string, err error) {
	l, err := net.Listen("tcp4", "127.0.0.1:8080")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "here") }))
	}()
	return l.Addr().String(), nil
}

// netRaw is CAP_NET_RAW in a set of capabilities; wirespan keeps it for
// interfaces that appear, and nothing else.
const netRaw = "0000000000002000"

// confined looks at what wirespan kept. All three kernels have no_new_privs and
// seccomp filters.
func confined(pid int) error {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	status := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(line, ":")
		status[k] = strings.Join(strings.Fields(v), " ")
	}
	const none = "0000000000000000"
	for _, want := range []struct {
		key string
		may []string
	}{
		{"Uid", []string{"200 200 200 200"}},
		{"CapInh", []string{none}},
		{"CapPrm", []string{none, netRaw}},
		{"CapEff", []string{none, netRaw}},
		{"CapBnd", []string{none}},
		{"CapAmb", []string{none}},
		{"NoNewPrivs", []string{"1"}},
		{"Seccomp", []string{"2"}},
	} {
		fmt.Printf("[kept] %s %s\n", want.key, status[want.key])
		if !slices.Contains(want.may, status[want.key]) {
			err = errors.Join(err, fmt.Errorf("wirespan is not confined: %s is %q", want.key, status[want.key]))
		}
	}
	return err
}

// lines shows what comes, line by line, and passes it on. Who does not read the
// channel loses lines after some hundred.
func lines(what string, r io.Reader) <-chan string {
	ch := make(chan string, 1024)
	go func() {
		defer close(ch)
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			fmt.Printf("[%s] %s\n", what, s.Text())
			select {
			case ch <- s.Text():
			default:
			}
		}
	}()
	return ch
}

// until waits for a line that contains want.
func until(ch <-chan string, want string) error {
	late := time.After(patience)
	for {
		select {
		case line, ok := <-ch:
			if !ok {
				return errors.New("it ended")
			}
			if strings.Contains(line, want) {
				return nil
			}
		case <-late:
			return unix.ETIMEDOUT
		}
	}
}

// drain waits for the end of a stream.
func drain(ch <-chan string) {
	for range ch { //nolint:revive // the lines were printed
	}
}
