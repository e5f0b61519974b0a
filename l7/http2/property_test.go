package http2

import (
	"fmt"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

const cases = "testdata"

// identity is what a loss leaves of a message: without the fields that it
// took along, the stream still is who it is.
func identity(m l7test.Message) string { return fmt.Sprintf("%s stream %d", m.Kind, m.Match) }

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), cases) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), cases) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), cases) }
func TestDrop(t *testing.T)    { l7test.DropBy(t, Proto(), cases, identity) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), cases) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), cases) }
func FuzzProto(f *testing.F)   { l7test.Fuzz(f, Proto()) }
