package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// servedName is the file in the directory of a store in which the process that has
// it open says where it answers: search and trace ask there.
const servedName = "SERVED-AT"

// servedBy is the URL of the server that has a store open, empty if it does not say.
func servedBy(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, servedName))
	if err != nil || len(b) > 1024 {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// sayServed writes the file, and forgetServed removes it. A file of a process that
// was killed does no harm: its store can be opened, and nobody reads it.
func (h *house) sayServed(dir string) error {
	at := h.uiURL()
	if dir == "" || at == "" {
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, servedName), []byte(at+"\n"), 0o644); err != nil {
		return fmt.Errorf("say where the store is served: %w", err)
	}
	return nil
}

func forgetServed(dir string) {
	if dir != "" {
		_ = os.Remove(filepath.Join(dir, servedName)) // was not written, then
	}
}

// uiURL is where this host finds the APIs, empty if they are not served.
func (h *house) uiURL() string {
	for _, d := range h.doors {
		if d.flag != "--ui" {
			continue
		}
		u, err := url.Parse(d.String())
		if err != nil {
			return ""
		}
		if host, port, err := net.SplitHostPort(u.Host); err == nil {
			switch host {
			case "0.0.0.0":
				u.Host = net.JoinHostPort("127.0.0.1", port)
			case "::":
				u.Host = net.JoinHostPort("::1", port)
			}
		}
		return u.String()
	}
	return ""
}
