//go:build linux && (amd64 || arm64)

package privileges_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// Sets of capabilities as /proc shows them.
const (
	netRaw     = "0000000000002000"
	inspect    = "0000000000080004" // CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH
	noCaps     = "0000000000000000"
	permission = "permission denied"
	operation  = "operation not permitted"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// on reports whether the child could put a measure in force; what the kernel
// lacks is not tested.
func on(t *testing.T, o outcome, name string) bool {
	t.Helper()
	m, ok := o.Report.Find(name)
	if !ok {
		t.Fatalf("no line %q in the report", name)
	}
	if m.State == privileges.Off && m.Detail == "" {
		t.Errorf("%s is off without a reason", name)
	}
	return m.State != privileges.Off
}

// expect compares what an attempt came to; want is part of the error, "" success.
func expect(t *testing.T, o outcome, attempt, want string) {
	t.Helper()
	got, ok := o.Tried[attempt]
	if !ok {
		t.Fatalf("%s was not tried", attempt)
	}
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("%s: %q, want %q", attempt, got, want)
	}
}

// everyThread demands a value of a status line from all threads.
func everyThread(t *testing.T, o outcome, key, want string) {
	t.Helper()
	if len(o.Threads) < 5 {
		t.Fatalf("%d threads, want 5 or more", len(o.Threads))
	}
	for i, th := range o.Threads {
		if th[key] != want {
			t.Errorf("thread %d: %s is %q, want %q", i, key, th[key], want)
		}
	}
}

func TestRootKeepsNothing(t *testing.T) {
	needRoot(t)
	out := t.TempDir()
	o := drop(t, order{
		Plan: privileges.Plan{Write: []string{out}},
		Try: []string{
			"write", "write elsewhere", "read", "read hosts", "exec", "packet socket", "raw socket", "udp socket", "tcp6 socket",
			"netlink socket", "alg socket", "unshare", "ptrace", "bpf", "thread",
		},
		Paths: map[string]string{
			"write": filepath.Join(out, "spans"), "write elsewhere": filepath.Join(t.TempDir(), "x"), "read": "/usr/bin/env",
		},
	})
	if o.Err != "" {
		t.Fatal(o.Err)
	}
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		everyThread(t, o, set, noCaps)
	}
	everyThread(t, o, "NoNewPrivs", "1")
	expect(t, o, "write", "")
	expect(t, o, "read hosts", "")
	for _, a := range []string{"udp socket", "tcp6 socket", "netlink socket", "thread"} {
		expect(t, o, a, "")
	}
	expect(t, o, "packet socket", operation)
	if on(t, o, privileges.Landlock) {
		expect(t, o, "write elsewhere", permission)
		expect(t, o, "read", permission)
	}
	if on(t, o, privileges.Seccomp) {
		everyThread(t, o, "Seccomp", "2")
		for _, a := range []string{"exec", "raw socket", "unshare", "ptrace", "bpf"} {
			expect(t, o, a, operation)
		}
		expect(t, o, "alg socket", "address family not supported")
	}
}

func TestNoSandbox(t *testing.T) {
	needRoot(t)
	o := drop(t, order{
		Plan: privileges.Plan{NoSandbox: true},
		Try:  []string{"exec", "read", "packet socket"}, Paths: map[string]string{"read": "/usr/bin/env"},
	})
	expect(t, o, "exec", "")
	expect(t, o, "read", "")
	expect(t, o, "packet socket", operation)
	everyThread(t, o, "Seccomp", "0")
	for _, name := range []string{privileges.Landlock, privileges.Seccomp} {
		if m, _ := o.Report.Find(name); m.State != privileges.Off || m.Detail != "--no-sandbox" {
			t.Errorf("%v", m)
		}
	}
}

func TestFollowingKeepsNetRaw(t *testing.T) {
	needRoot(t)
	o := drop(t, order{Plan: privileges.Plan{FollowInterfaces: true}, Try: []string{"packet socket", "raw socket"}})
	everyThread(t, o, "CapEff", netRaw)
	everyThread(t, o, "CapPrm", netRaw)
	everyThread(t, o, "CapBnd", noCaps)
	expect(t, o, "packet socket", "")
	if on(t, o, privileges.Seccomp) {
		expect(t, o, "raw socket", operation)
	}
	if m, _ := o.Report.Find(privileges.Capabilities); m.State != privileges.Partly || !strings.Contains(m.Detail, "CAP_NET_RAW") {
		t.Errorf("report: %v", m)
	}
}

// TestProcesses looks at the process of another user. Landlock would hide it,
// which is why --processes leaves landlock out.
func TestProcesses(t *testing.T) {
	needRoot(t)
	other := exec.Command("setpriv", "--reuid=1", "--regid=1", "--clear-groups", "sleep", "60")
	if err := other.Start(); err != nil {
		t.Skipf("no process of another user: %v", err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	proc := fmt.Sprintf("/proc/%d", other.Process.Pid)
	for exe := ""; !strings.HasSuffix(exe, "sleep"); exe, _ = os.Readlink(proc + "/exe") {
		runtime.Gosched()
	}
	for _, c := range []struct {
		plan privileges.Plan
		want string
	}{
		{privileges.Plan{Processes: true}, ""},
		{privileges.Plan{Processes: true, User: "nobody"}, ""},
		{privileges.Plan{}, permission},
		{privileges.Plan{User: "nobody"}, permission},
		{privileges.Plan{User: "nobody", NoSandbox: true}, permission},
	} {
		o := drop(t, order{Plan: c.plan, Try: []string{"process"}, Paths: map[string]string{"process": proc}})
		expect(t, o, "process", c.want)
		if c.plan.Processes {
			everyThread(t, o, "CapEff", inspect)
			if m, _ := o.Report.Find(privileges.Landlock); m.State != privileges.Off || !strings.Contains(m.Detail, "--processes") {
				t.Errorf("report: %v", m)
			}
		}
	}
}

func TestSwitchesUser(t *testing.T) {
	needRoot(t)
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skipf("no user nobody: %v", err)
	}
	mine, theirs := t.TempDir(), t.TempDir()
	uid, _ := strconv.Atoi(u.Uid)
	if err := os.Chown(theirs, uid, -1); err != nil {
		t.Fatal(err)
	}
	open(t, theirs)
	o := drop(t, order{
		Plan: privileges.Plan{User: "nobody", Write: []string{theirs, mine}}, Try: []string{"write", "write elsewhere"},
		Paths: map[string]string{"write": filepath.Join(theirs, "f"), "write elsewhere": filepath.Join(mine, "f")},
	})
	if o.Err != "" {
		t.Fatal(o.Err)
	}
	all := strings.Repeat(" "+u.Uid, 4)[1:]
	everyThread(t, o, "Uid", all)
	everyThread(t, o, "CapPrm", noCaps)
	for _, th := range o.Threads {
		if strings.Contains(" "+th["Groups"]+" ", " 0 ") {
			t.Errorf("groups %q, want none of root's", th["Groups"])
		}
	}
	expect(t, o, "write", "")
	expect(t, o, "write elsewhere", permission)
	if m, ok := o.Report.Find(privileges.Output); !ok || !strings.Contains(m.Detail, mine) {
		t.Errorf("report does not warn of %s: %v", mine, m)
	}
}

// TestBecome makes files between the change of user and the rest: they are the
// user's, root's are out of reach, and Drop still empties every set.
func TestBecome(t *testing.T) {
	needRoot(t)
	theirs, mine := t.TempDir(), t.TempDir()
	if err := os.Chown(theirs, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	open(t, theirs)
	file := filepath.Join(theirs, "f")
	o := drop(t, order{
		Plan: privileges.Plan{User: "nobody", Write: []string{file}}, Become: file,
		Try: []string{"write"}, Paths: map[string]string{"write": file},
	})
	if o.Err != "" {
		t.Fatal(o.Err)
	}
	expect(t, o, "write", "") // again, which root's file would not let it
	for _, set := range []string{"CapPrm", "CapEff", "CapBnd"} {
		everyThread(t, o, set, noCaps)
	}
	if o = drop(t, order{Plan: privileges.Plan{User: "nobody"}, Become: filepath.Join(mine, "f")}); !strings.Contains(o.Err, permission) {
		t.Errorf("a file in root's directory: %q", o.Err)
	}
	if o = drop(t, order{Plan: privileges.Plan{User: "root"}, Become: file}, unprivileged(t)...); !strings.Contains(o.Err, "only root can") {
		t.Errorf("as nobody: %q", o.Err)
	}
}

// open lets others search the directories above dir.
func open(t *testing.T, dir string) {
	t.Helper()
	for d := filepath.Dir(dir); strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRootWritesForOthers: without CAP_DAC_OVERRIDE root could not create the
// second file of a rotation in a user's directory.
func TestRootWritesForOthers(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	o := drop(t, order{
		Plan: privileges.Plan{Write: []string{filepath.Join(dir, "ring.pcapng")}}, Try: []string{"write"},
		Paths: map[string]string{"write": filepath.Join(dir, "ring2.pcapng")},
	})
	expect(t, o, "write", "")
	if m, _ := o.Report.Find(privileges.Capabilities); !strings.Contains(m.Detail, "CAP_DAC_OVERRIDE for writing to "+dir) {
		t.Errorf("report: %v", m)
	}
}

// TestUnprivileged: what a user without any right gets is no_new_privs, landlock, seccomp.
func TestUnprivileged(t *testing.T) {
	needRoot(t)
	o := drop(t, order{Try: []string{"exec", "packet socket"}}, unprivileged(t)...)
	if o.Err != "" {
		t.Fatal(o.Err)
	}
	everyThread(t, o, "NoNewPrivs", "1")
	if m, _ := o.Report.Find(privileges.BoundingSet); m.State != privileges.Off || !strings.Contains(m.Detail, "CAP_SETPCAP") {
		t.Errorf("report: %v", m)
	}
	expect(t, o, "packet socket", operation)
	if on(t, o, privileges.Seccomp) {
		expect(t, o, "exec", operation)
	}
	o = drop(t, order{Plan: privileges.Plan{User: "root"}}, unprivileged(t)...)
	if !strings.Contains(o.Err, "only root can") {
		t.Errorf("switch to root: %q", o.Err)
	}
}

func TestUnknownUser(t *testing.T) {
	o := drop(t, order{Plan: privileges.Plan{User: "no-such-user-here"}})
	if !strings.Contains(o.Err, `"no-such-user-here"`) || len(o.Report) != 0 {
		t.Errorf("%q, report %v: want an error and nothing in force", o.Err, o.Report)
	}
}

// unprivileged is the command that starts another as a user without rights.
func unprivileged(t *testing.T, more ...string) []string {
	t.Helper()
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("no setpriv (util-linux)")
	}
	return append([]string{setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"}, more...)
}

// TestFileCapability goes the way of a normal user: refused with advice, then
// the file capability, then the group that may use it.
func TestFileCapability(t *testing.T) {
	needRoot(t)
	setcap, err := exec.LookPath("setcap")
	if err != nil {
		t.Skip("no setcap (libcap2-bin)")
	}
	exe := executable(t)
	if out, err := exec.Command(setcap, "cap_net_raw+ep", exe).CombinedOutput(); err != nil {
		t.Skipf("setcap: %v: %s", err, out)
	}
	run := func(o order) outcome { return dropWith(t, exe, o, unprivileged(t)...) }
	o := run(order{Plan: privileges.Plan{FollowInterfaces: true}, Try: []string{"packet socket"}})
	expect(t, o, "packet socket", "")
	everyThread(t, o, "CapPrm", netRaw)
	o = run(order{Try: []string{"packet socket"}})
	expect(t, o, "packet socket", operation)
	everyThread(t, o, "CapPrm", noCaps)

	if o = run(order{Plan: privileges.Plan{Group: "daemon"}}); !strings.Contains(o.Err, "usermod -aG daemon") {
		t.Errorf("outside the group: %q", o.Err)
	}
	if o = run(order{Plan: privileges.Plan{Group: "no-such-group"}}); o.Err != "" {
		t.Errorf("no such group: %q", o.Err)
	}
	g, err := user.LookupGroup("daemon")
	if err != nil {
		t.Skip("no group daemon")
	}
	in := []string{"setpriv", "--reuid=65534", "--regid=65534", "--groups=" + g.Gid}
	if o = dropWith(t, exe, order{Plan: privileges.Plan{Group: "daemon"}}, in...); o.Err != "" {
		t.Errorf("inside the group: %q", o.Err)
	}
}
