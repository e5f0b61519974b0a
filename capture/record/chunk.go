package record

// chunkSize is the size of one buffer between the capture and the disk. The
// largest packet of a capture (256 KiB) fits.
const chunkSize = 512 << 10

// chunk is a buffer of slots. It belongs to the side that holds it: one of
// Files.free, Files.cur, Files.full, or the writer.
type chunk struct {
	buf   []byte
	names []string // of the points in buf, by number
}

// room reports whether a slot with size bytes fits.
func (c *chunk) room(size int) bool { return cap(c.buf)-len(c.buf) >= slotHead+size }
