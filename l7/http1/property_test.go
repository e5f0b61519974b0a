package http1

import (
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

const cases = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), cases) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), cases) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), cases) }
func TestDrop(t *testing.T)    { l7test.Drop(t, Proto(), cases) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), cases) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), cases) }
func FuzzProto(f *testing.F)   { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), browsing()) }

// BenchmarkExchange includes engine and flow table.
func BenchmarkExchange(b *testing.B) { l7test.Bench(b, Proto(), browsing()) }

func browsing() l7test.Session {
	return l7test.TCP(l7test.Client("GET /api/v1/items?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.5.0\r\n\r\n"),
		l7test.Server("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"items\": []}"))
}
