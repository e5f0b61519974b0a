package pcapfile

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
)

// sniffLen is how much of the start of a file the recognition looks at.
const sniffLen = 512

// foreignFormat is a capture format that others read and we do not. In
// convert, IN is the file and OUT the same with the suffix pcapng.
type foreignFormat struct {
	magic   string
	name    string
	convert string
}

const editcap = "editcap -F pcapng IN OUT"

var foreignFormats = []foreignFormat{
	{"snoop\x00\x00\x00", "a snoop capture (RFC 1761)", editcap},
	{"GMBU", "a Microsoft Network Monitor 2 capture", editcap},
	{"RTSS", "a Microsoft Network Monitor 1 capture", editcap},
	{"TRSNIFF data    \x1a", "a DOS Sniffer capture", editcap},
	{"XCP\x00", "a NetXRay or Windows Sniffer capture", editcap},
	{"\xaa\xaa\xaa\xaa", "a 5Views capture", editcap},
	{"iptrace 1.0", "an AIX iptrace 1.0 capture", editcap},
	{"iptrace 2.0", "an AIX iptrace 2.0 capture", editcap},
	{"ObserverPktBufferVersion", "a Network Instruments Observer capture", editcap},
	{"\x54\x52\x00\x64\x00", "an HP-UX nettl trace", editcap},
	{"\x7fver", "a Savvius Peek capture", editcap},
	{"\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 capture", editcap},
	{"i4btrace", "an i4b capture", editcap},
	{"btsnoop\x00", "a Bluetooth snoop capture", editcap},
	{"\xfd7zXZ\x00", "compressed with xz", "xz -dk IN"},
	{"BZh", "compressed with bzip2", "bzip2 -dk IN"},
	{"\x04\x22\x4d\x18", "compressed with lz4", "lz4 -d IN"},
	{"PK\x03\x04", "a zip archive", "unzip IN"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "7z x IN"},
}

// recognise says what a file that is neither pcap nor pcapng is, by its first
// bytes.
func recognise(file string, start []byte) *FormatError {
	name, convert := "", ""
	switch f := knownMagic(start); {
	case f != nil:
		name, convert = f.name, f.convert
	case isETL(start):
		name, convert = "a Windows event trace (ETL)", "etl2pcapng IN OUT"
	case isText(start):
		name, convert = textFormat(start)
	case isERF(start):
		name, convert = "an Endace ERF capture", "editcap -F pcapng IN OUT"
	}
	return &FormatError{
		File:    file,
		Format:  name,
		Convert: convertCommand(convert, file),
		Start:   bytes.Clone(start[:min(len(start), 8)]),
	}
}

func knownMagic(start []byte) *foreignFormat {
	for i := range foreignFormats {
		if bytes.HasPrefix(start, []byte(foreignFormats[i].magic)) {
			return &foreignFormats[i]
		}
	}
	return nil
}

func convertCommand(command, file string) string {
	if command == "" {
		return ""
	}
	out := strings.TrimSuffix(file, filepath.Ext(file)) + ".pcapng"
	return strings.NewReplacer("IN", shellWord(file), "OUT", shellWord(out)).Replace(command)
}

// shellWord quotes a path so that the command can be pasted into a shell.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:,@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// isETL looks for the marker of the first event, a SYSTEM_TRACE_HEADER of 32
// or 64 bits, behind the WMI_BUFFER_HEADER of 72 bytes.
func isETL(b []byte) bool {
	const header = 72
	if len(b) < header+4 {
		return false
	}
	marker := binary.LittleEndian.Uint32(b[header:])
	return marker == 0xc0010002 || marker == 0xc0020002
}

// isText reports whether all of b is printable ASCII.
func isText(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < 0x20 && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return len(b) > 0
}

// fromHexDump makes the two-digit columns that text2pcap reads of the four
// digits of tcpdump -x, which leaves out the link layer and so gives raw IP.
const fromHexDump = `sed -nE 's/^\s+0x([0-9a-f]+):/\1/;T;s/ ([0-9a-f]{2})([0-9a-f]{2})/ \1 \2/g;p' IN | text2pcap -l 101 - OUT`

// textFormat tells the printed forms of packets apart.
func textFormat(b []byte) (name, convert string) {
	switch {
	case bytes.Contains(b, []byte("\t0x0000:")):
		return "a hex dump in text, as tcpdump -x prints it", fromHexDump
	case bytes.HasPrefix(b, []byte("0000 ")), bytes.HasPrefix(b, []byte("000000 ")):
		return "a hex dump in text", "text2pcap IN OUT"
	case bytes.Contains(b, []byte(" IP ")), bytes.Contains(b, []byte(" IP6 ")):
		return "text as tcpdump prints it (packets are kept with tcpdump -w)", ""
	}
	return "", ""
}

// isERF guesses, for ERF has no magic: the first record must have a time
// between 1990 and 2100, a type that Endace assigned, and lengths that agree.
func isERF(b []byte) bool {
	const header = 16
	if len(b) < header {
		return false
	}
	seconds := binary.LittleEndian.Uint32(b[4:])
	kind := b[8] & 0x7f
	record := int(binary.BigEndian.Uint16(b[10:]))
	wire := int(binary.BigEndian.Uint16(b[14:]))
	return seconds > 631152000 && seconds < 4102444800 &&
		kind >= 1 && kind <= 48 && record >= header && wire > 0 && record <= wire+256
}
