package filter_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// Whatever is written compiles to a program that the kernel takes, or is
// refused at a place in the text.
func FuzzCompile(f *testing.F) {
	for i, expr := range expressions {
		f.Add(expr, uint8(i), i%2 == 0, []byte(expr))
	}
	f.Add("geneve 5 and vlan and not (geneve or tcp[ip[0]:2] / tcp[0] % 7 > 2)", uint8(1), true, []byte{})
	f.Add(`protochain \tcp or ip6 protochain 17`, uint8(1), true, []byte{})
	f.Fuzz(func(t *testing.T, expr string, n uint8, live bool, frame []byte) {
		if len(expr) > 400 {
			return
		}
		links := filter.Links()
		p, err := filter.Compile(expr, filter.Options{Link: links[int(n)%len(links)], Live: live})
		if err != nil {
			var mistake *filter.SyntaxError
			if errors.As(err, &mistake) && (mistake.Offset < 0 || mistake.Length < 0 || mistake.Offset+mistake.Length > len(mistake.Expr)) {
				t.Errorf("%q: mistake at %d, %d", expr, mistake.Offset, mistake.Length)
			}
			return
		}
		if err := filter.Check(p.Instructions); err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		for _, in := range p.Instructions {
			if in.K >= 0xfffff000 && in.Op&0xe7 == 0x20 {
				return // the machine of x/net/bpf lacks the kernel's extensions
			}
		}
		vm, err := bpf.NewVM(instructions(p))
		if err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		want, err := vm.Run(frame)
		if err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		if got := cbpf.Run(p.Instructions, frame, &cbpf.Meta{}); strings.Contains(expr, "<<") || strings.Contains(expr, ">>") {
			return // shifts by more than 31 differ
		} else if (got > 0) != (want > 0) {
			t.Errorf("%q: machines say %d and %d of %x", expr, want, got, frame)
		}
	})
}

// FuzzServices reads files of names.
func FuzzServices(f *testing.F) {
	f.Add("http 80/tcp www # web\ndomain 53/udp\ndomain 53/tcp\n")
	f.Add("tcp 6 TCP\n")
	f.Fuzz(func(t *testing.T, text string) {
		services, err := filter.ParseServices(strings.NewReader(text))
		if err == nil && len(services) > len(text) {
			t.Errorf("%d services in %d bytes", len(services), len(text))
		}
		if _, err := filter.ParseProtocols(strings.NewReader(text)); err != nil && len(text) < 1000 {
			t.Error(err)
		}
	})
}
