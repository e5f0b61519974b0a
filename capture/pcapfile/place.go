package pcapfile

import "github.com/wirespan/wirespan/capture"

// linkOf describes an interface of a file to the placer.
type linkOf struct {
	link  capture.LinkType
	name  string // if_name, empty if unknown
	index int    // number in its section
	alone bool   // the only interface that is described before the first packet of the file
	point string // capture point in the run that recorded the file, empty if none did
	agent string // who recorded it
}

// placer finds the capture point of an interface. It is asked when the first
// packet of the interface is delivered.
type placer interface {
	place(linkOf) (tap uint16, bad *damage)
}

// extras takes what a capture carries beside packets.
type extras interface {
	addName(capture.Name)
	addSecret(kind uint32, secret []byte)
	addDrops(kernel, iface uint64)
	addUnread(kind uint32) // a block of interest that is too large to keep
	addRecording(Recording)
}
