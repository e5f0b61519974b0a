package identity

import "github.com/wirespan/wirespan/tracer/span"

// Source says where a service's name is from, in the order in which sources
// count (SPANS.md, service.name).
type Source uint8

// Sources.
const (
	None       Source = iota // there is no name
	Configured               // the operator's map
	Kubernetes               // the workload of a pod
	Process                  // container, unit or program at the socket
	DNS                      // an answer on the wire
	Hosts                    // the hosts file
	File                     // a name resolution block of the capture
	NumSources
)

var sourceNames = [NumSources]string{"none", "configured", "kubernetes", "process", "dns", "hosts", "file"}

// String names the source as metrics and the summary do.
func (s Source) String() string { return sourceNames[s] }

// Identity is who is at one end of a flow.
type Identity struct {
	ID       uint32     // of this Identity, never used for another one in this run; not 0
	Source   Source     // of Service
	Service  string     // service.name, empty if none is known
	Instance string     // service.instance.id, empty if it is the address and port
	Attrs    span.Attrs // the other attributes of the resource, each key once
}

// Query asks who is at one end of a flow.
type Query struct {
	At       int64    // packet time, ns since 1970: DNS answers end
	Addr     [16]byte // the end that is asked about, IPv4 mapped into IPv6
	PeerAddr [16]byte // the other end
	Port     uint16
	PeerPort uint16
	Point    uint16 // capture point: it says in which network namespace the addresses count
	VLAN     uint16 // 0: none
	VNI      uint32 // virtual network of the tunnel, 0: none
	UDP      bool   // else TCP
	Client   bool   // the end is the client of the exchange: its port has no meaning
	PID      uint32 // process that moved the bytes, as the kernel says, in the first process namespace; 0: not known
}
