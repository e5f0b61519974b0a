package pcapfile

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Fault says where and why an input could not be read to its end. Everything
// before Offset was delivered.
type Fault struct {
	File       string // path as it was given, "-" for standard input
	Record     string // what stands at Offset: "packet record", "block of type 6"; empty if the whole file is meant
	Offset     int64  // first byte of the record, counted in the uncompressed stream
	Compressed bool   // File is compressed, so that Offset is not a place in it
	Reason     string // what is wrong
	Err        error  // cause, may be nil: a *FormatError, an error of the operating system or of a decompressor
}

// Error gives one line: file, place, reason.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	b.WriteString(": ")
	if f.Record != "" {
		fmt.Fprintf(&b, "%s at byte %d", f.Record, f.Offset)
		if f.Compressed {
			b.WriteString(" of the uncompressed stream")
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Reason)
	return b.String()
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// FormatError says that a file is not a pcap or pcapng capture.
type FormatError struct {
	File    string
	Format  string // name of the format, empty if it is unknown
	Convert string // command that makes a readable file of it, empty if there is none
	Start   []byte // first bytes of the file, at most 8
}

// Error names the format and the command that converts it.
func (e *FormatError) Error() string { return e.File + ": " + e.reason() }

func (e *FormatError) reason() string {
	if e.Format == "" {
		return fmt.Sprintf("not a capture file (starts with % x)", e.Start)
	}
	if e.Convert == "" {
		return "is " + e.Format + ", not pcap or pcapng"
	}
	return "is " + e.Format + ", not pcap or pcapng; convert it with: " + e.Convert
}

// openFault makes a Fault of an error at opening or reading a file as a whole.
func openFault(file string, err error) *Fault {
	return &Fault{File: file, Reason: reasonOf(file, err), Err: err}
}

// reasonOf gives the text of err without the file name that it may begin with.
func reasonOf(file string, err error) string {
	var format *FormatError
	if errors.As(err, &format) {
		return format.reason()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "compressed file ends before its end mark"
	}
	return strings.TrimPrefix(err.Error(), "open "+file+": ")
}
