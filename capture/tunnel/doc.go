// Package tunnel reads the headers of encapsulations.
//
// It is a leaf below capture/wire: every function takes the bytes that follow
// the outer IP, UDP or Ethernet header, checks them once, and says what the
// header means and where the inner packet begins. Nothing is kept, nothing is
// allocated, and no function reads beyond the slice.
//
// A verdict of Inner is no promise that an inner packet is there: capture/wire
// decodes it, and for tunnels over UDP, where a port number proves nothing,
// takes the datagram for plain UDP when that fails.
//
// Not read: GRE checksums, Geneve options but one and NSH metadata, encrypted variants (DTLS
// in CAPWAP, ESP), GTP version 0 and GTP', CAPWAP fragments after the first.
package tunnel
