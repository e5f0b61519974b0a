package procs

import (
	"os"
	"path/filepath"
	"testing"
)

// A process that the kernel names is found by its number, the one of several at
// a port too, once it was looked for; not where the numbers are others.
func TestProcess(t *testing.T) {
	f := newProcfs(t)
	f.host()
	f.process(made{pid: 2, netns: 100, comm: "kthreadd"})
	tb := f.table(nil)
	tb.Refresh(true)
	for _, pid := range []int{51, 51, 4711, 0, -1} {
		if p := tb.Process(pid); p != nil {
			t.Errorf("%d was not looked for: %+v", pid, p)
		}
	}
	tb.Refresh(false)
	p := tb.Process(51)
	if p == nil || p.PID != 51 || p.Unit != "nginx.service" || p.User != "www-data" {
		t.Fatalf("%+v", p)
	}
	if len(tb.byPID.asked) != 0 || tb.Process(4711) != nil || len(tb.byPID.asked) != 0 {
		t.Error("a process that is not there is looked for again and again")
	}
	tb.Refresh(true)
	if again := tb.Process(51); again != p {
		t.Error("a new value for a process that did not change")
	}
	if err := os.RemoveAll(filepath.Join(f.dir, "51")); err != nil {
		t.Fatal(err)
	}
	tb.Refresh(true)
	if tb.Process(51) != p {
		t.Error("a process that ended is forgotten before its spans are written")
	}

	f = newProcfs(t) // of a container
	f.host()
	tb = f.table(nil)
	tb.Refresh(true)
	tb.Process(51)
	tb.Refresh(false)
	if p := tb.Process(51); p != nil {
		t.Errorf("number of another namespace: %+v", p)
	}
}

func BenchmarkProcess(b *testing.B) {
	tb, err := New(Default())
	if err != nil {
		b.Fatal(err)
	}
	defer tb.Close()
	tb.Refresh(true)
	tb.Process(os.Getpid())
	tb.Refresh(false)
	b.ReportAllocs()
	for b.Loop() {
		tb.Process(os.Getpid())
	}
}
