package flows

import "github.com/wirespan/wirespan/capture/wire"

// Port classes: the lower one is the server's. 1024 to 32767 are registered
// and seldom chosen for clients; Linux takes client ports from 32768 on.
func portClass(p uint16) int {
	switch {
	case p < 1024:
		return 0
	case p < 32768:
		return 1
	}
	return 2
}

// guess gives the direction of the first frame and sets how sure that is.
func (c *Conn) guess(f *wire.Frame) Dir {
	if f.Proto != wire.ProtoTCP {
		return guessUDP(f)
	}
	switch f.Flags & (wire.SYN | wire.ACK) {
	case wire.SYN:
		c.Roles = Observed
		return ToServer
	case wire.SYN | wire.ACK:
		c.Roles = Observed
		return ToClient
	}
	src, dst := portClass(f.SrcPort), portClass(f.DstPort)
	switch {
	case src < dst:
		return ToClient
	case src == dst:
		c.state.flags |= flagOpenRoles
	}
	return ToServer
}

// guessUDP takes the first sender for the client unless its port is that of a
// well-known service and the other is not.
func guessUDP(f *wire.Frame) Dir {
	if multicast(f.Dst) || !serviceUDP(f.SrcPort) || serviceUDP(f.DstPort) {
		return ToServer
	}
	return ToClient
}

func serviceUDP(p uint16) bool { return p < 1024 || p == 5353 || p == 5355 }

func multicast(a wire.Addr) bool {
	mapped := a[10] == 0xff && a[11] == 0xff && [10]byte(a[:10]) == [10]byte{}
	return a[0] == 0xff || mapped && a[12] >= 224
}

// speak lets the first payload decide the roles where ports said nothing.
func (c *Conn) speak(dir Dir) Dir {
	if c.state.flags&flagOpenRoles == 0 {
		return dir
	}
	c.state.flags &^= flagOpenRoles
	if dir == ToClient {
		c.swap()
	}
	return ToServer
}

// observe makes the roles certain: side s sends in direction dir, as its SYN or
// SYN-ACK shows. Once data was delivered a guess is not turned round any more.
func (c *Conn) observe(s side, dir Dir) {
	st := &c.state
	switch {
	case c.Roles == Observed:
		return
	case st.dir(s) == dir:
	case st.offset[0] == 0 && st.offset[1] == 0:
		c.swap()
	default:
		return
	}
	c.Roles = Observed
	st.flags &^= flagOpenRoles
}
