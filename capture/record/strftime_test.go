package record

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestStrftime compares with date(1), which formats by strftime(3).
func TestStrftime(t *testing.T) {
	if _, err := exec.LookPath("date"); err != nil {
		t.Skip("no date(1) to compare with")
	}
	times := []int64{0, 1, 951782399, 1078012800, 1230768000, 1293839999, 1700000000, 1767225599, 4102444799}
	flags := []string{"", "-", "_", "0", "^", "#", "6", "-3", "_5", "05", "E", "O"}
	for _, at := range times {
		for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata"} {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Skipf("no time zones: %v", err)
			}
			var format []string
			for _, c := range conversions {
				for _, f := range flags {
					if !skipped(f, byte(c)) {
						format = append(format, f+string(c)+"=%"+f+string(c))
					}
				}
			}
			cmd := exec.Command("date", "-d", "@"+strconv.FormatInt(at, 10), "+"+strings.Join(format, ";"))
			cmd.Env = []string{"LC_ALL=C", "TZ=" + zone}
			out, err := cmd.Output()
			if err != nil {
				t.Skipf("date(1) is not GNU's: %v", err)
			}
			want := strings.Split(strings.TrimSuffix(string(out), "\n"), ";")
			for i, f := range format {
				if got := strftime(f, time.Unix(at, 0).In(loc)); got != want[i] {
					t.Errorf("%d in %s: %q, date says %q", at, zone, got, want[i])
				}
			}
		}
	}
}

// skipped are combinations that POSIX does not know, in which date(1) has ideas
// of its own, or which end a line.
func skipped(flag string, verb byte) bool {
	switch flag {
	case "E":
		return strings.IndexByte("cCxXyY", verb) < 0
	case "O":
		return strings.IndexByte("deHImMSuUVwWy", verb) < 0
	}
	switch verb {
	case 'n', 't', '%':
		return true
	case 'C', 'y', 'g', 'c', 'x', 'X', 'r', 'F', 's', 'G', 'Y', 'z', 'D', 'T', 'R', 'P':
		return flag != ""
	}
	return false
}

func TestStrftimeFormats(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for format, want := range map[string]string{
		"plain":              "plain",
		"%Y%m%d-%H%M%S.pcap": "20260102-030405.pcap",
		"100%%":              "100%",
		"%":                  "%",
		"%Q%H":               "%Q03",
		"%-d/%_m":            "2/ 1",
		"%j %e %s %z":        "002  2 1767323045 +0000",
	} {
		if got := strftime(format, at); got != want {
			t.Errorf("%q gives %q, want %q", format, got, want)
		}
	}
	for format, want := range map[string]string{
		"a-%H-%%.pcap": "", "%Q": `"%Q"`, "x%": `"%"`, "%5": `"%5"`, "%999d": `"%999d"`, "%E": `"%E"`,
	} {
		err := checkFormat(format)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", format, err, want)
		}
	}
}

func FuzzStrftime(f *testing.F) {
	for _, s := range []string{"a-%Y-%m-%d_%H.%M.%S", "%%", "%", "%-05d%^a%#Z%Ey", "%99999999999999999999d"} {
		f.Add(s, int64(1767323045))
	}
	f.Fuzz(func(t *testing.T, format string, at int64) {
		at %= 1 << 36
		good := checkFormat(format) == nil
		got := strftime(format, time.Unix(at, 0).UTC())
		if len(got) > 110*len(format) {
			t.Errorf("%q gives %d bytes", format, len(got))
		}
		if !strings.Contains(format, "%") && (got != format || !good) {
			t.Errorf("%q gives %q, good: %v", format, got, good)
		}
	})
}
