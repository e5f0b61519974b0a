package all

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/dns"
	"github.com/wirespan/wirespan/l7/http1"
)

// Protos lists the protocols in detection order: those whose Detect is the
// surest come first. The caller owns the slice.
func Protos() []l7.Proto {
	return []l7.Proto{
		http1.Proto(),
		dns.TCP(),
		dns.UDP(),
	}
}
