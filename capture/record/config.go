package record

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// FilesConfig says which files are written. Names and numbers are those of
// tcpdump(8).
type FilesConfig struct {
	// Path is the name of the file. With Period it is a format of strftime(3);
	// with Size a number is added.
	Path string
	// Output is written to instead of a file, without rotation, and not closed.
	Output io.Writer
	// Size in bytes: a packet that finds the file larger opens the next one. 0
	// is any.
	Size int64
	// Count bounds the files. With Size they are overwritten from the first
	// on; with Period alone the recording ends after so many. 0 is any.
	Count int
	// Period opens the next file with the first packet that is so much later,
	// in whole seconds of packet time. 0 never does.
	Period time.Duration
	// Start is when the first period began; zero means with the first packet.
	Start time.Time
	// Location is the time zone of names; nil is the local one.
	Location *time.Location
	// Immediate writes every batch at once instead of full buffers.
	Immediate bool
	// Agent is the name of this instance, part of span ids.
	Agent string
	// Settings are told to who reads the files, see pcapfile.Recording.
	Settings string
	// Buffer is the memory in bytes between the capture and the disk.
	Buffer int
	// Drops tells what the source lost so far, for the statistics in the files;
	// may be nil. It is called from the writing goroutine.
	Drops func() (capture.Stats, error)
	// Report is told the first error of a failure, and nil when packets are
	// written again; may be nil. It is called from the writing goroutine.
	Report func(error)

	now func() time.Time // of retries; nil is the wall clock
}

// Bounds of FilesConfig.
const (
	DefaultBuffer = 4 << 20
	minBuffer     = 2 * chunkSize
	maxBuffer     = 1 << 30
	maxCount      = 1 << 30
)

// DefaultFiles is a recording into one file.
func DefaultFiles(path string) FilesConfig { return FilesConfig{Path: path, Buffer: DefaultBuffer} }

// Validate finds all faults.
func (c *FilesConfig) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Path == "" && c.Output == nil {
		wrong("record packets: no file name")
	}
	if c.Output != nil && (c.Size != 0 || c.Period != 0 || c.Count != 0) {
		wrong("record packets: standard output is one file: no size, count or period")
	}
	if c.Size < 0 {
		wrong("record packets: file size %d is negative", c.Size)
	}
	if c.Count < 0 || c.Count > maxCount {
		wrong("record packets: file count %d: want 1 to %d", c.Count, maxCount)
	}
	if c.Count > 0 && c.Size == 0 && c.Period == 0 {
		wrong("record packets: a file count needs a file size or a period: one file is never rotated")
	}
	if c.Period < 0 || c.Period%time.Second != 0 {
		wrong("record packets: period %v: want whole seconds", c.Period)
	}
	if c.Buffer < minBuffer || c.Buffer > maxBuffer {
		wrong("record packets: buffer of %d bytes: want %d to %d", c.Buffer, minBuffer, maxBuffer)
	}
	if strings.ContainsRune(c.Path, 0) {
		wrong("record packets: file name has a zero byte")
	}
	if c.Period > 0 {
		if err := checkFormat(c.Path); err != nil {
			wrong("record packets: %w", err)
		}
	}
	return errors.Join(errs...)
}
