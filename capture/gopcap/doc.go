// Package gopcap captures live through github.com/packetcap/go-pcap: the
// portable back end, for systems without the rings of capture/afpacket.
//
// It stands in the room of capture: Open gives a Source. Types of go-pcap do
// not leave the package. Every packet is a copy of its own, so that a batch may
// be kept as long as anyone likes.
//
// # What is worked around
//
// Faults of go-pcap of May 2024, and what is done about them:
//
//   - Its filter compiler is wrong for many expressions, silently. It is never
//     used: our program is attached raw.
//   - The filter is attached after the socket is bound, and the queue not
//     drained. Packets from before are thrown away, by their time and by running
//     the program over those that come soon after.
//   - The snap length is not applied, and decides the size of the ring: the
//     handle is opened with 65535, the program cuts, and so do we.
//   - CaptureLength and Length leave out a VLAN tag that was put back: the
//     length is that of the bytes. Of two tags the kinds are exchanged (8100
//     outside), and a tag without id is lost.
//   - The link type is always Ethernet: it is told from the interface instead.
//   - On the loopback of Linux every frame comes twice: the program leaves the
//     outgoing ones out.
//   - Cancelling does nothing, Close does not wake a reader that sleeps, and
//     unmaps the ring under one that does not. Reading has a goroutine of its
//     own, which alone closes the handle. Close lets every packet pass, so that
//     the next one on the interface ends that goroutine; on an interface without
//     traffic it stays asleep, with its ring of 4 MiB.
//   - An interface that goes down ends the handle with neither packet nor
//     error. It is opened again when the interface is back.
//   - Opening a handle writes variables of its package, the same values each
//     time, while others read: a race by the letter. All handles are opened
//     before the first is read, but for those that are opened again.
//   - logrus is silenced. It costs a microsecond per packet all the same.
//
// # What it lacks
//
// There are no statistics: what the kernel drops is not known, Stats counts
// only what our queue drops. No direction, ring size, fan-out, time stamp
// source, network namespace, nor "any".
package gopcap
