// Package wire decodes captured frames down to TCP and UDP.
//
// It stands between capture and flows. Decode fills a Frame that the caller
// owns; Frame.Payload borrows the bytes of the packet (or of the reassembled
// datagram that capture/defrag lends). Nothing is allocated and no error value
// is built: what cannot be decoded has a Reason, and the caller counts it.
//
//	d := wire.NewDecoder(defrag.Default())
//	var f wire.Frame
//	for i := range batch {
//		if d.Decode(&batch[i], &f) == wire.OK {
//			shard := f.Hash() & 63
//			...
//		}
//	}
//
// A tunnel over UDP is recognised by its port and by what is inside: when
// header and inner packet do not bear each other out, the frame is plain UDP.
//
// Not decoded: ARCNET, Token Ring, FDDI, ATM, Frame Relay and other link types
// that capture does not name; fragments of 802.11 and CAPWAP after the first,
// and all but the first frame of an 802.11 aggregate (Decoder.SkippedMSDUs);
// PPP multilink and Van Jacobson compression; MACsec without encryption;
// ESP without encryption; GTP version 0 and GTP'; LISP; SCTP and UDP-Lite.
package wire
