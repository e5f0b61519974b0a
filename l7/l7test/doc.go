// Package l7test tests protocol parsers through the engine that runs them.
//
// A parser's package has one line per property:
//
//	func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), "testdata") }
//	func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), "testdata") }
//	func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), "testdata") }
//	func TestDrop(t *testing.T)    { l7test.Drop(t, Proto(), "testdata") }
//	func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), "testdata") }
//	func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), "testdata") }
//	func FuzzProto(f *testing.F)   { l7test.Fuzz(f, Proto()) }
//
// The cases are the files of the directory: sessions as text (<case>.txt, see
// ParseSession) or captures (<case>.pcap, <case>.pcapng), each with the
// messages it must give in <case>.golden.json. Golden rewrites them under
// go test -update. Sessions of another transport than the protocol's are left
// out.
//
// It stands beside the line of rooms and imports flows and l7/engine; only
// tests import it.
package l7test
