// Package wire decodes captured frames down to TCP and UDP.
//
// It stands between capture and flows. Decode fills a Frame that the caller
// owns; Frame.Payload borrows the bytes of the packet (or of the reassembled
// datagram that capture/defrag lends). Nothing is allocated and no error value
// is built: what cannot be decoded has a Reason, and the caller counts it.
package wire
