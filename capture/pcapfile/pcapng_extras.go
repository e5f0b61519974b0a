package pcapfile

import "github.com/wirespan/wirespan/capture"

// Name resolution block, section 4.5.
const (
	namesRecords = 8
	nameIPv4     = 1
	nameIPv6     = 2
	maxName      = 255 // RFC 1035, section 2.3.4
)

// Interface statistics block, section 4.6.
const (
	statsIface   = 8
	statsOptions = 20
	optionIfDrop = 5
	optionOSDrop = 7
)

// Decryption secrets block, section 4.7.
const (
	secretsType   = 8
	secretsLength = 12
	secretsBytes  = 16
)

// names parses a name resolution block: records of an address and the names
// it has, each ended by a zero.
func (d *pcapng) names(b []byte) {
	for kind, value := range eachOption(d.order, b[namesRecords:len(b)-4]) {
		var addr [16]byte
		size := 4
		switch kind {
		case nameIPv4:
			addr[10], addr[11] = 0xff, 0xff
			copy(addr[12:], value)
		case nameIPv6:
			size = copy(addr[:], value)
			if size < 16 {
				continue
			}
		default:
			continue
		}
		if len(value) <= size {
			continue
		}
		for rest := value[size:]; len(rest) > 0; {
			end := 0
			for end < len(rest) && rest[end] != 0 {
				end++
			}
			if end > 0 && end <= maxName {
				d.extras.addName(capture.Name{Addr: addr, Name: cleanName(rest[:end], maxName)})
			}
			rest = rest[min(end+1, len(rest)):]
		}
	}
}

// statistics parses an interface statistics block. Its counters are
// cumulative, what is passed on is the difference.
func (d *pcapng) statistics(b []byte) {
	if len(b) < statsOptions+4 {
		return
	}
	index := d.order.Uint32(b[statsIface:])
	if uint64(index) >= uint64(len(d.ifaces)) {
		return
	}
	f := &d.ifaces[index]
	for kind, value := range eachOption(d.order, b[statsOptions:len(b)-4]) {
		if len(value) != 8 {
			continue
		}
		count := d.order.Uint64(value)
		if count == 1<<64-1 {
			continue // gopacket's mark for "not known"
		}
		switch kind {
		case optionIfDrop:
			d.extras.addDrops(0, growth(&f.ifaceDrops, count))
		case optionOSDrop:
			d.extras.addDrops(growth(&f.kernelDrops, count), 0)
		}
	}
}

// growth stores count and gives what came since the last one.
func growth(last *uint64, count uint64) uint64 {
	old := *last
	*last = count
	if count < old {
		return count // the counter began anew
	}
	return count - old
}

// secrets parses a decryption secrets block.
func (d *pcapng) secrets(b []byte) {
	if len(b) < secretsBytes+4 {
		return
	}
	size := d.order.Uint32(b[secretsLength:])
	body := b[secretsBytes : len(b)-4]
	d.extras.addSecret(d.order.Uint32(b[secretsType:]), body[:min(uint64(size), uint64(len(body)))])
}
