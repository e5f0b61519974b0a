package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newNamespace makes a namespace that ip netns knows, for root.
func newNamespace(t *testing.T) string {
	t.Helper()
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("ip (iproute2) is not installed")
	}
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	name := fmt.Sprintf("wsns-%d", os.Getpid())
	if b, err := exec.Command(ip, "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %s", b)
	}
	t.Cleanup(func() { _ = exec.Command(ip, "netns", "del", name).Run() })
	return name
}

// here says in which namespace the calling thread is.
func here() (string, error) {
	return os.Readlink(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
}

// TestDo holds that what is named by name, by path and by nothing is entered,
// and that no thread stays there.
func TestDo(t *testing.T) {
	name := newNamespace(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := here()
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(directory+"/"+name, &st); err != nil {
		t.Fatal(err)
	}
	there := fmt.Sprintf("net:[%d]", st.Ino)
	for _, c := range []struct{ name, want string }{{name, there}, {directory + "/" + name, there}, {"", home}} {
		var got string
		if err := Do(c.name, func() (err error) { got, err = here(); return err }); err != nil || got != c.want {
			t.Errorf("Do(%q) ran in %s, want %s (%v)", c.name, got, c.want, err)
		}
	}
	for range 100 { // more than there are idle threads
		got := make(chan string)
		go func() { s, _ := here(); got <- s }()
		if s := <-got; s != home {
			t.Fatalf("a goroutine runs in %s after Do, want %s", s, home)
		}
	}
}

// TestOpenStays holds that an open namespace can be entered when its name is
// gone.
func TestOpenStays(t *testing.T) {
	name := newNamespace(t)
	n, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if b, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil {
		t.Fatalf("ip netns del: %s", b)
	}
	home, _ := here()
	for range 2 {
		if err := n.Do(func() error {
			got, err := here()
			if got == home {
				t.Errorf("runs at home (%s)", home)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	}
}

// TestErrors holds that what fails inside comes out, and that a wrong name says
// what is meant by one.
func TestErrors(t *testing.T) {
	want := errors.New("inside")
	if err := Do("", func() error { return want }); !errors.Is(err, want) {
		t.Errorf("Do: %v, want %v", err, want)
	}
	err := Do("no-such-namespace", func() error { t.Error("ran"); return nil })
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "ip netns list") {
		t.Errorf("Do with an unknown name: %v", err)
	}
	if err := Do(os.DevNull, func() error { t.Error("ran"); return nil }); err == nil {
		t.Error("a file that is no namespace was entered")
	}
}
