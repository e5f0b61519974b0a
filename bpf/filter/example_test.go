package filter_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
)

func ExampleCompile() {
	program, err := filter.Compile("ip and udp dst port 53", filter.Options{Link: capture.LinkEthernet})
	if err != nil {
		fmt.Println(err)
		return
	}
	program.WriteListing(os.Stdout)
	// Output:
	// (000) ldh      [12]
	// (001) jeq      #0x800           jt 2	jf 10
	// (002) ldb      [23]
	// (003) jeq      #0x11            jt 4	jf 10
	// (004) ldh      [20]
	// (005) jset     #0x1fff          jt 10	jf 6
	// (006) ldxb     4*([14]&0xf)
	// (007) ldh      [x + 16]
	// (008) jeq      #0x35            jt 9	jf 10
	// (009) ret      #262144
	// (010) ret      #0
}

// Mistakes say where they are.
func ExampleSyntaxError() {
	_, err := filter.Compile("tcp port 80 or udp prot 443", filter.Options{Link: capture.LinkEthernet})
	fmt.Println(err)
	var mistake *filter.SyntaxError
	if errors.As(err, &mistake) {
		fmt.Println("at byte", mistake.Offset)
	}
	// Output:
	// syntax error at "prot"
	// tcp port 80 or udp prot 443
	//                    ^^^^
	// at byte 19
}

// Expressions that are put together do not change each other's meaning.
func ExampleAnd() {
	user := filter.MustParse("vlan 100 and tcp")
	own := filter.MustParse("host 192.0.2.1 and tcp port 4317")
	fmt.Println(filter.And(user, filter.Not(own)))
	// Output: (vlan 100 and tcp) and (not (host 192.0.2.1 and tcp port 4317))
}

// Bulk traffic is cut short, everything else kept whole.
func ExampleOptions_snaps() {
	program, err := filter.Compile("tcp", filter.Options{
		Link:  capture.LinkIPv4,
		Snaps: []filter.Snap{{If: filter.MustParse("ip[2:2] > 1400"), Len: 200}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	vm, err := bpf.NewVM(instructions(program))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, size := range []byte{1, 6} { // times 256 bytes
		packet := make([]byte, 40)
		packet[0], packet[2], packet[9] = 0x45, size, 6
		n, err := vm.Run(packet)
		fmt.Println(n, err)
	}
	// Output:
	// 262144 <nil>
	// 200 <nil>
}

func instructions(p *filter.Program) []bpf.Instruction {
	list, _ := bpf.Disassemble(p.Instructions)
	return list
}

// Names are looked up by functions of the caller.
func ExampleResolver() {
	program, err := filter.Compile("src host router", filter.Options{
		Link: capture.LinkIPv4,
		Resolver: filter.Resolver{Host: func(string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.0.2.254")}, nil
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	program.WriteDecimal(os.Stdout)
	// Output:
	// 4
	// 32 0 0 12
	// 21 0 1 3221226238
	// 6 0 0 262144
	// 6 0 0 0
}
