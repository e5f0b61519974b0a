package toy_test

import (
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, toy.Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, toy.Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, toy.Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.Drop(t, toy.Proto(), dir) }
func TestSwap(t *testing.T)    { l7test.Swap(t, toy.Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, toy.Proto(), dir) }

const muxDir = "testdata/mux"

func TestMuxGolden(t *testing.T) { l7test.Golden(t, toy.Mux(), muxDir) }
func TestMuxChop(t *testing.T)   { l7test.Chop(t, toy.Mux(), muxDir) }
func TestMuxPoison(t *testing.T) { l7test.Poison(t, toy.Mux(), muxDir) }
func TestMuxDrop(t *testing.T)   { l7test.Drop(t, toy.Mux(), muxDir) }
func TestMuxSwap(t *testing.T)   { l7test.Swap(t, toy.Mux(), muxDir) }

func FuzzToy(f *testing.F) { l7test.Fuzz(f, toy.Tame()) }

// plain is a session whose messages cost the toy parser no allocation.
func plain() l7test.Session {
	return l7test.TCP(l7test.Client("GET a\n"), l7test.Server("OK 5\nhello"), l7test.Server("ERR 404\n"))
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, toy.Proto(), plain()) }

func BenchmarkToy(b *testing.B) { l7test.Bench(b, toy.Proto(), plain()) }
