package oracle

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// cases are sessions and captures; torn are those that have losses of their
// own, to which others are not added.
var (
	cases = "testdata"
	torn  = filepath.Join("testdata", "torn")
)

func both(t *testing.T, run func(*testing.T, string)) {
	for _, dir := range []string{cases, torn} {
		t.Run(dir, func(t *testing.T) { run(t, dir) })
	}
}

func TestGolden(t *testing.T) {
	both(t, func(t *testing.T, dir string) { l7test.Golden(t, Proto(), dir) })
}

func TestChop(t *testing.T) {
	both(t, func(t *testing.T, dir string) { l7test.Chop(t, Proto(), dir) })
}

func TestPoison(t *testing.T) {
	both(t, func(t *testing.T, dir string) { l7test.Poison(t, Proto(), dir) })
}

func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), cases) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), cases) }
func FuzzOracle(f *testing.F)  { l7test.Fuzz(f, Proto()) }

// TestDrop knows requests by the place where they begin and answers by the one
// where they end: what was lost of them is not told. A login has two requests
// and is told with the first of them that is seen.
func TestDrop(t *testing.T) {
	l7test.DropBy(t, Proto(), cases, func(m l7test.Message) string {
		if m.Op == "LOGIN" {
			return m.Op
		}
		if m.Dir == "request" {
			return fmt.Sprint(m.Match)
		}
		return fmt.Sprint("to ", m.Last)
	})
}
