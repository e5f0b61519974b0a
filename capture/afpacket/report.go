package afpacket

import "github.com/wirespan/wirespan/capture"

// Degraded says that the kernel or a sandbox refused an option, and what
// happens instead.
type Degraded struct {
	Option    string // "TPACKET_V3", "promiscuous", ...
	Interface string // "" if it is not about one
	Reason    string // with the consequence, for doctor
}

// Report says how OpenFanout spreads packets.
type Report struct {
	Mode   FanoutMode // FanoutProgram, FanoutHash or FanoutOne
	Rings  int        // sources that were opened
	Reason string     // why there are fewer than were asked for; "" if there are not
}

// PointStats are the counters of one interface over all sources that were
// opened together.
type PointStats struct {
	Interface string
	Point     int  // index into Points
	Present   bool // the interface exists and is captured
	Up        bool
	Stats     capture.Stats // without Packets, Bytes, WireBytes
}
