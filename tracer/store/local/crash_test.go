package local_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// childDir is set where this test runs itself as the process that is killed.
const childDir = "WIRESPAN_TEST_STORE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// crashStart is the time of the first span; span n of all begins n microseconds later,
// so that a reader knows which ones must be there.
const crashStart = int64(1_790_000_000_000_000_000)

// writeUntilKilled writes numbered spans, and says which of them are synced.
func writeUntilKilled(dir string) error {
	ctx := context.Background()
	s, err := local.Open(ctx, dir, crashConfig())
	if err != nil {
		return err
	}
	st, err := s.Stats(ctx)
	if err != nil {
		return err
	}
	fmt.Println("open", st.Spans, strings.Join(st.Repairs, "; "))
	gen := storetest.NewTraffic(st.Spans, crashStart, 1000)
	n := int64(st.Spans)
	for round := 1; ; round++ {
		for range 1 + n%7 {
			list := gen.Next()
			for i := range list {
				list[i].Start = crashStart + n*1000
				list[i].End = list[i].Start + 1000
				n++
			}
			if err := s.Write(ctx, list); err != nil {
				return err
			}
		}
		if round%3 == 0 {
			if err := s.Sync(ctx); err != nil {
				return err
			}
			fmt.Println("synced", n)
		}
	}
}

func crashConfig() local.Config {
	c := small()
	c.BlockSpans, c.RunBlocks, c.Memory = 256, 6, 8<<20
	c.SyncEvery = 20 * time.Millisecond
	return c
}

// TestKill kills a writer in the middle, again and again. What was synced must be
// there each time, once, and nothing may be damaged; the log may be torn.
func TestKill(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	synced := int64(0)
	for round := range rounds {
		n, err := runAndKill(t, dir, rnd)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		synced = max(synced, n)
		if round%10 == 9 || round == rounds-1 {
			checkNumbers(t, dir, synced)
		}
	}
	t.Logf("%d rounds, %d spans synced", rounds, synced)
	if synced == 0 {
		t.Error("nothing was ever synced")
	}
}

// runAndKill lets a child write until some syncs were told, kills it a moment later,
// and returns the last number that it said to be synced.
func runAndKill(t *testing.T, dir string, rnd *rand.Rand) (synced int64, err error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	stuck := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer stuck.Stop()
	kill := 1 + rnd.IntN(8)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "error") || strings.HasPrefix(line, "open") && strings.Contains(line, "damage") {
			err = fmt.Errorf("child says %q", line)
			break
		}
		if n, _ := fmt.Sscanf(line, "synced %d", &synced); n == 1 {
			if kill--; kill == 0 {
				time.AfterFunc(time.Duration(rnd.Int64N(int64(30*time.Millisecond))), func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
			}
		}
	}
	if kill > 0 && err == nil {
		err = fmt.Errorf("the child ended, or was stuck, with %d syncs to come", kill)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return synced, err
}

// checkNumbers demands spans 0 to at least synced, each once and without a hole.
func checkNumbers(t *testing.T, dir string, synced int64) {
	t.Helper()
	s := open(t, dir, crashConfig())
	defer s.Close(context.Background())
	seen := int64(0)
	next := int64(-1)
	err := s.Search(context.Background(), &store.Query{}, func(sp *store.Span) bool {
		n := (sp.Start - crashStart) / 1000
		if next >= 0 && n != next {
			t.Fatalf("behind span %d comes %d", next+1, n)
		}
		next = n - 1
		seen++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if next != -1 || seen < synced {
		t.Fatalf("%d spans down to %d, of %d that were synced", seen, next+1, synced)
	}
	st, err := s.Stats(context.Background())
	if err != nil || st.Spans != uint64(seen) {
		t.Fatalf("stats say %d spans of %d, %v", st.Spans, seen, err)
	}
	got, _, err := s.Related(context.Background(), lastKey(t, s), store.Window{}, 10)
	if err != nil || len(got) == 0 {
		t.Fatalf("the latest is not found by its key: %v", err)
	}
}

func lastKey(t *testing.T, s *local.Store) (keys []store.Key) {
	t.Helper()
	err := s.Search(context.Background(), &store.Query{Limit: 1}, func(sp *store.Span) bool {
		keys = append(keys, store.SpanKey(sp.ID))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
