//go:build linux && (amd64 || arm64)

package privileges_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

func TestExplainLeavesOthersAlone(t *testing.T) {
	if privileges.Explain(nil, "x") != nil {
		t.Error("no error became one")
	}
	if err := errors.New("no such device"); privileges.Explain(err, "x") != err { //nolint:errorlint // the very same
		t.Error("another error was explained")
	}
	err := privileges.Explain(fmt.Errorf("open packet socket: %w", unix.EPERM), "/usr/bin/wirespan")
	if !errors.Is(err, unix.EPERM) {
		t.Errorf("%v is no longer EPERM", err)
	}
	if again := privileges.Explain(err, "x"); again != err { //nolint:errorlint // the very same
		t.Errorf("explained twice: %v", again)
	}
}

// TestExplain asks for advice as different users; the child tries a packet
// socket and explains the refusal.
func TestExplain(t *testing.T) {
	needRoot(t)
	plain, marked := executable(t), executable(t)
	if out, err := exec.Command("setcap", "cap_net_raw+ep", marked).CombinedOutput(); err != nil {
		t.Skipf("setcap: %v: %s", err, out)
	}
	user := slices.Clip(unprivileged(t))
	for _, c := range []struct {
		name, exe string
		wrap      []string
		want      []string
	}{
		{"plain user", plain, user, []string{"CAP_NET_RAW", "(65534)", "sudo setcap cap_net_raw+ep " + plain}},
		{"file capability without effect", marked, append(user, "setpriv", "--no-new-privs"), []string{marked, "no_new_privs"}},
		{"root of a container", plain, []string{"setpriv", "--bounding-set=-net_raw"}, []string{"--cap-add NET_RAW"}},
		{"user of a container", plain, unprivileged(t, "--bounding-set=-net_raw"), []string{"bounding set"}},
	} {
		o := dropWith(t, c.exe, order{Explain: true}, c.wrap...)
		for _, w := range c.want {
			if !strings.Contains(o.Advice, w) {
				t.Errorf("%s: advice %q, want %q in it", c.name, o.Advice, w)
			}
		}
	}
	if o := dropWith(t, marked, order{Explain: true}, user...); o.Advice != "" {
		t.Errorf("with the capability: %q", o.Advice)
	}
}

func TestProbeChangesNothing(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before := statuses()
	for _, m := range privileges.Probe(exe) {
		t.Log(m)
		if m.State == privileges.Off && m.Detail == "" {
			t.Errorf("%s is off without a reason", m.Name)
		}
	}
	after := statuses()
	if len(before) == 0 || before[0]["CapEff"] != after[0]["CapEff"] || before[0]["NoNewPrivs"] != after[0]["NoNewPrivs"] || before[0]["Seccomp"] != after[0]["Seccomp"] {
		t.Errorf("status went from %v to %v", before, after)
	}
}
