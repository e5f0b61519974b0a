//go:build linux

package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture/netns"
)

// route talks rtnetlink (rtnetlink(7)) on one socket, which stays in the
// network namespace that it was opened in. One goroutine at a time uses it.
type route struct {
	fd  int
	seq uint32
	buf []byte
}

// Messages of a dump come in pieces of at most 32 KiB.
const routeBuffer = 64 << 10

var errDumpChanged = errors.New("interfaces changed while they were listed")

// openRoute opens a socket in the namespace of the calling thread; groups are
// RTMGRP_ values to be told about.
func openRoute(groups uint32) (*route, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("bind rtnetlink socket: %w", err)
	}
	return &route{fd: fd, buf: make([]byte, routeBuffer)}, nil
}

func (r *route) close() { unix.Close(r.fd) }

// interfaces lists all interfaces, with their addresses if asked.
func (r *route) interfaces(addresses bool) ([]Interface, error) {
	var list []Interface
	var err error
	for range 5 {
		list = list[:0]
		err = r.dump(unix.RTM_GETLINK, unix.SizeofIfInfomsg, func(kind uint16, body []byte) {
			if i, ok := parseLink(body); ok && kind == unix.RTM_NEWLINK {
				list = append(list, i)
			}
		})
		if !errors.Is(err, errDumpChanged) {
			break
		}
	}
	if err != nil && !errors.Is(err, errDumpChanged) {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	nameMasters(list)
	if !addresses {
		return list, nil
	}
	err = r.dump(unix.RTM_GETADDR, unix.SizeofIfAddrmsg, func(kind uint16, body []byte) {
		index, prefix, ok := parseAddr(body)
		at := slices.IndexFunc(list, func(i Interface) bool { return i.Index == index })
		if ok && at >= 0 && kind == unix.RTM_NEWADDR {
			list[at].Addrs = append(list[at].Addrs, prefix)
		}
	})
	if err != nil && !errors.Is(err, errDumpChanged) {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	return list, nil
}

func nameMasters(list []Interface) {
	for n := range list {
		for _, m := range list {
			if m.Index == list[n].Master {
				list[n].MasterName, list[n].MasterKind = m.Name, m.Kind
			}
		}
	}
}

// dump asks for all objects of a kind and hands on the answers.
func (r *route) dump(kind uint16, headLen int, each func(kind uint16, body []byte)) error {
	r.seq++
	req := make([]byte, unix.SizeofNlMsghdr+headLen)
	ne := binary.NativeEndian
	ne.PutUint32(req[0:], uint32(len(req)))
	ne.PutUint16(req[4:], kind)
	ne.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	ne.PutUint32(req[8:], r.seq)
	if err := unix.Sendto(r.fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("send rtnetlink request: %w", err)
	}
	var changed error
	for {
		n, from, err := unix.Recvfrom(r.fd, r.buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("receive rtnetlink answer: %w", err)
		}
		if sa, ok := from.(*unix.SockaddrNetlink); !ok || sa.Pid != 0 {
			continue // not from the kernel
		}
		done := false
		err = messages(r.buf[:n], func(kind, flags uint16, seq uint32, body []byte) error {
			if seq != r.seq {
				return nil // of an answer that was given up
			}
			if flags&unix.NLM_F_DUMP_INTR != 0 {
				changed = errDumpChanged
			}
			switch kind {
			case unix.NLMSG_DONE:
				done = true
			case unix.NLMSG_ERROR:
				if len(body) >= 4 {
					return fmt.Errorf("rtnetlink: %w", unix.Errno(-int32(ne.Uint32(body))))
				}
			default:
				each(kind, body)
			}
			return nil
		})
		if err != nil || done {
			return errors.Join(err, changed)
		}
	}
}

// messages walks the netlink messages of a datagram.
func messages(b []byte, each func(kind, flags uint16, seq uint32, body []byte) error) error {
	ne := binary.NativeEndian
	for len(b) >= unix.SizeofNlMsghdr {
		n := int(ne.Uint32(b))
		if n < unix.SizeofNlMsghdr || n > len(b) {
			return nil
		}
		if err := each(ne.Uint16(b[4:]), ne.Uint16(b[6:]), ne.Uint32(b[8:]), b[unix.SizeofNlMsghdr:n]); err != nil {
			return err
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return nil
}

// attrTypeMask is NLA_TYPE_MASK: without the flags of nested attributes.
const attrTypeMask = 0x3fff

// attributes walks the attributes behind a header.
func attributes(b []byte, each func(kind uint16, value []byte)) {
	ne := binary.NativeEndian
	for len(b) >= unix.SizeofRtAttr {
		n := int(ne.Uint16(b))
		if n < unix.SizeofRtAttr || n > len(b) {
			return
		}
		each(ne.Uint16(b[2:])&attrTypeMask, b[unix.SizeofRtAttr:n])
		b = b[min(len(b), (n+3)&^3):]
	}
}

// Offsets in struct rtnl_link_stats64.
const (
	statRxPackets = 0
	statTxPackets = 8
	statRxErrors  = 32
	statRxDropped = 48
	statRxMissed  = 128
	statsLen      = 136
)

// parseLink reads the body of RTM_NEWLINK. Nothing of b is kept.
func parseLink(b []byte) (Interface, bool) {
	if len(b) < unix.SizeofIfInfomsg {
		return Interface{}, false
	}
	ne := binary.NativeEndian
	i := Interface{Hardware: ne.Uint16(b[2:]), Index: int(int32(ne.Uint32(b[4:]))), Flags: ne.Uint32(b[8:])}
	lower, foreign := 0, false
	attributes(b[unix.SizeofIfInfomsg:], func(kind uint16, v []byte) {
		switch {
		case kind == unix.IFLA_IFNAME:
			i.Name = text(v)
		case kind == unix.IFLA_LINKINFO:
			attributes(v, func(kind uint16, v []byte) {
				if kind == unix.IFLA_INFO_KIND {
					i.Kind = text(v)
				}
			})
		case kind == unix.IFLA_STATS64 && len(v) >= statsLen:
			i.Counters = Counters{
				RxPackets: ne.Uint64(v[statRxPackets:]), TxPackets: ne.Uint64(v[statTxPackets:]),
				RxDropped: ne.Uint64(v[statRxDropped:]), RxMissed: ne.Uint64(v[statRxMissed:]), RxErrors: ne.Uint64(v[statRxErrors:]),
			}
		case kind == unix.IFLA_LINK_NETNSID:
			foreign = true
		case len(v) < 4:
		case kind == unix.IFLA_MTU:
			i.MTU = int(ne.Uint32(v))
		case kind == unix.IFLA_MASTER:
			i.Master = int(ne.Uint32(v))
		case kind == unix.IFLA_LINK:
			lower = int(ne.Uint32(v))
		case kind == unix.IFLA_PROMISCUITY:
			i.Promiscuity = int(ne.Uint32(v))
		}
	})
	if !foreign && lower != i.Index {
		i.Lower = lower
	}
	i.Link, _, _ = framing(i.Hardware)
	return i, i.Name != "" && i.Index > 0
}

// parseAddr reads the body of RTM_NEWADDR.
func parseAddr(b []byte) (index int, p netip.Prefix, ok bool) {
	if len(b) < unix.SizeofIfAddrmsg {
		return 0, p, false
	}
	bits, index := int(b[1]), int(binary.NativeEndian.Uint32(b[4:]))
	var a netip.Addr
	attributes(b[unix.SizeofIfAddrmsg:], func(kind uint16, v []byte) {
		// The address of a point-to-point interface is that of the peer; the
		// local one is in IFA_LOCAL.
		if kind == unix.IFA_LOCAL || kind == unix.IFA_ADDRESS && !a.IsValid() {
			if got, valid := netip.AddrFromSlice(v); valid {
				a = got
			}
		}
	})
	p = netip.PrefixFrom(a, bits)
	return index, p, p.IsValid()
}

// text is a string that may end with a zero.
func text(v []byte) string {
	if n := slices.Index(v, 0); n >= 0 {
		v = v[:n]
	}
	return string(v)
}

// Interfaces lists the interfaces of a network namespace (see Config.Netns), ""
// for that of the process.
func Interfaces(name string) ([]Interface, error) {
	ns, err := netns.Open(name)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	var list []Interface
	err = ns.Do(func() error {
		r, err := openRoute(0)
		if err != nil {
			return err
		}
		defer r.close()
		list, err = r.interfaces(true)
		return err
	})
	return list, err
}
