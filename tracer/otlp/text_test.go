package otlp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func TestPutIPv4EveryOctet(t *testing.T) {
	for o := range 256 {
		for _, a := range [][4]byte{{byte(o), 0, 10, 200}, {255, byte(o), 1, 2}, {1, 22, byte(o), 255}, {255, 255, 255, byte(o)}} {
			var b [20]byte
			if got, want := string(b[:putIPv4(&b, &a)]), netip.AddrFrom4(a).String(); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	}
}

func TestHex32AndVarint8(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10000 {
		v := r.Uint64() >> r.IntN(64)
		var b [16]byte
		if putHex64(b[:], v); string(b[:]) != fmt.Sprintf("%016x", v) {
			t.Fatalf("%016x is written %s", v, b)
		}
		var out [32]byte
		n := putInt(out[:], v)
		if want := appendKeyValue(nil, 0, "", appendVarintField(nil, v)); !bytes.HasSuffix(want, out[:n]) {
			t.Fatalf("%d: %x is not at the end of %x", v, out[:n], want)
		}
	}
}

// appendVarintField is an int_value written the plain way.
func appendVarintField(b []byte, v uint64) []byte {
	b = append(b, tagInt)
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

func TestCopyASCII(t *testing.T) {
	for n := range 100 {
		src := bytes.Repeat([]byte("a"), n)
		dst := make([]byte, n)
		if !copyASCII(dst, src) || !bytes.Equal(dst, src) {
			t.Fatalf("%d bytes", n)
		}
		for i := range n {
			src[i] = 0x80
			if copyASCII(dst, src) {
				t.Fatalf("byte %d of %d is not seen", i, n)
			}
			src[i] = 'a'
		}
	}
}
