package afpacket

import (
	"strconv"

	"github.com/wirespan/wirespan/capture"
)

// ARPHRD_ values of linux/if_arp.h.
const (
	hwEther      = 1
	hwInfiniband = 32
	hwPPP        = 512
	hwRawIP      = 519
	hwCAN        = 280
	hwTunnel     = 768
	hwTunnel6    = 769
	hwLoopback   = 772
	hwSIT        = 776
	hwIPGRE      = 778
	hwIP6GRE     = 823
	hwDot11      = 801
	hwPrism      = 802
	hwRadiotap   = 803
	hw802154     = 804
	hw802154Mon  = 805
	hwPhonet     = 820
	hwPhonetPipe = 821
	hwCAIF       = 822
	hwNetlink    = 824
	hwVsockMon   = 826
	hwNone       = 65534
)

// framing says how frames of a hardware type are captured: the link type, and
// whether the kernel is to take the link header off, which it is where that
// header differs between drivers or directions. Where it has something to say
// against capturing, unsupported is not empty.
func framing(hardware uint16) (link capture.LinkType, cooked bool, unsupported string) {
	switch hardware {
	case hwEther, hwLoopback:
		return capture.LinkEthernet, false, ""
	case hwNone, hwTunnel, hwTunnel6, hwSIT, hwIPGRE, hwIP6GRE, hwRawIP, hwPPP:
		// tun, WireGuard and the like have no link header. Tunnels show the
		// outer IP header in one direction, PPP its framing in some drivers.
		return capture.LinkRaw, true, ""
	case hwDot11:
		return capture.LinkIEEE80211, false, ""
	case hwRadiotap:
		return capture.LinkRadiotap, false, ""
	case hwCAN:
		return 0, false, "a CAN bus carries no IP"
	case hwNetlink:
		return 0, false, "a netlink monitor carries no IP"
	case hwVsockMon:
		return 0, false, "a vsock monitor carries no IP"
	case hwPrism:
		return 0, false, "frames with Prism headers are not decoded; switch the driver to radiotap"
	case hw802154, hw802154Mon, hwPhonet, hwPhonetPipe, hwCAIF:
		return 0, false, "hardware type " + strconv.Itoa(int(hardware)) + " carries no IP that is decoded"
	}
	// IP over InfiniBand, HDLC, Token Ring, ...: the kernel knows where the
	// network header begins.
	return capture.LinkSLL2, true, ""
}
