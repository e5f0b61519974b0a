package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/mirror/listen"
	"github.com/wirespan/wirespan/mirror/stream"
	"github.com/wirespan/wirespan/mirror/watch"
)

// streamWord marks a stream among the values of --listen and --connect.
const streamWord = "pcap="

// others reports whether there are inputs beside interfaces.
func (m *mirrorFlags) others() bool { return len(m.listen)+len(m.connect)+len(m.watch) > 0 }

// hasStreams reports whether there are captures that come over TCP.
func (m *mirrorFlags) hasStreams() bool {
	_, streams := m.splitListen()
	return len(streams)+len(m.connect) > 0
}

// splitListen sorts --listen; values with mistakes are left out, and told by
// checkInputs.
func (m *mirrorFlags) splitListen() (tunnels []listen.Spec, streams []stream.Address) {
	for _, s := range m.listen {
		if strings.HasPrefix(s, streamWord) {
			if a, err := stream.Parse(s); err == nil {
				streams = append(streams, a)
			}
		} else if spec, err := listen.Parse(s); err == nil {
			tunnels = append(tunnels, spec)
		}
	}
	return tunnels, streams
}

// checkInputs finds mistakes without opening anything.
func (m *mirrorFlags) checkInputs() error {
	var errs []error
	for _, s := range m.listen {
		if err := checkListen(s); err != nil {
			errs = append(errs, fmt.Errorf("--listen: %w", err))
		}
	}
	_, streams := m.splitListen()
	errs = append(errs, m.checkStreams(streams))
	for _, s := range m.connect {
		if err := checkConnect(s); err != nil {
			errs = append(errs, fmt.Errorf("--connect: %w", err))
		}
	}
	return errors.Join(errs...)
}

// checkListen is the rule of the configuration for --listen.
func checkListen(v string) error {
	if strings.HasPrefix(v, streamWord) {
		return only(stream.Parse(v))
	}
	word, _, _ := strings.Cut(v, "=")
	if !slices.Contains(listen.Kinds(), word) {
		return fmt.Errorf("%q is no kind of mirror: want KIND[=[ADDR][:PORT][%%IF]] with one of %s, or pcap=ADDR", v, strings.Join(listen.Kinds(), ", "))
	}
	return only(listen.Parse(v))
}

// checkConnect is the rule of the configuration for --connect.
func checkConnect(v string) error {
	if !strings.HasPrefix(v, streamWord) {
		return fmt.Errorf("%q: want pcap=[tls://]HOST[:PORT]", v)
	}
	a, err := stream.Parse(v)
	if err == nil && a.Host == "" {
		err = fmt.Errorf("connect to %q: no host", v)
	}
	return err
}

// openStreams starts to take and fetch captures.
func openStreams(o *liveOptions, s *liveSource) (*stream.Source, error) {
	m := o.mirror
	c := stream.Default()
	_, c.Listen = m.splitListen()
	for _, v := range m.connect {
		a, err := stream.Parse(v)
		if err != nil {
			return nil, usage(fmt.Errorf("--connect: %w", err))
		}
		c.Connect = append(c.Connect, a)
		s.names = append(s.names, "pcap:"+a.String())
	}
	c.Netns, c.Insecure, c.Log = netnsPath(o.netns), m.insecure, o.logger()
	var err1, err2, err3, err4 error
	c.Token, err1 = readToken("stream-token", m.token)
	c.ConnectToken, err2 = readToken("connect-token", m.sendWith)
	c.ServerTLS, err3 = readTLS(pemFile{}, pemFile{"--stream-cert", m.cert}, pemFile{"--stream-key", m.key})
	c.ClientTLS, err4 = readTLS(pemFile{"--connect-ca", m.ca}, pemFile{}, pemFile{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, usage(err)
	}
	if err := c.Validate(); err != nil {
		return nil, usage(err)
	}
	src, err := stream.Open(c)
	if err != nil {
		return nil, explainOpen(err)
	}
	s.mirrored.streams = src
	for _, a := range c.Listen {
		s.names = append(s.names, "pcap:"+a.String())
	}
	return src, nil
}

// checkStreams says which flags are missing where captures come in.
func (m *mirrorFlags) checkStreams(list []stream.Address) error {
	for _, a := range list {
		if a.TLS && m.cert == "" {
			return fmt.Errorf("--listen pcap=%s: TLS needs --stream-cert and --stream-key", a)
		}
		if m.token == "" && !m.insecure && !a.Loopback() {
			return fmt.Errorf("--listen pcap=%s: whoever reaches it could make traces up: give --stream-token, listen on 127.0.0.1, or allow it with --insecure-listen", a)
		}
	}
	return nil
}

// readToken reads the first line of a file; no file, no token.
func readToken(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--%s: %w", flag, err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("--%s: %s begins with an empty line", flag, path)
	}
	return line, nil
}

// openWatch starts to read directories.
func openWatch(o *liveOptions, s *liveSource) (*watch.Source, error) {
	c := watch.Default()
	for _, d := range o.mirror.watch {
		path, name, _ := strings.Cut(d, "=")
		c.Dirs = append(c.Dirs, watch.Dir{Path: path, Name: name})
		s.names = append(s.names, path)
	}
	c.Done, c.Delete, c.Log = o.mirror.done, o.mirror.delete, o.logger()
	if err := c.Validate(); err != nil {
		return nil, usage(fmt.Errorf("--watch: %w", err))
	}
	src, err := watch.Open(c)
	if err != nil {
		return nil, explainOpen(err)
	}
	s.mirrored.watched = src
	return src, nil
}

// folders are the directories that --watch reads, and those it changes.
func (m *mirrorFlags) folders() (read, write []string) {
	if m == nil {
		return nil, nil
	}
	for _, d := range m.watch {
		path, _, _ := strings.Cut(d, "=")
		read = append(read, path)
		if m.delete || m.done != "" {
			write = append(write, path)
		}
	}
	if m.done != "" {
		write = append(write, m.done)
	}
	return read, write
}

// logger says what inputs report, a line each.
func (o *liveOptions) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(sayer(o.say), &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}}))
}

// sayer writes lines to what tells people.
type sayer func(string)

// Write meets io.Writer.
func (s sayer) Write(p []byte) (int, error) {
	s(strings.TrimPrefix(strings.TrimSpace(string(p)), "msg="))
	return len(p), nil
}
