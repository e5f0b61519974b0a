package show

import "testing"

func TestAppendDuration(t *testing.T) {
	for _, c := range []struct {
		ns   int64
		want string
	}{
		{0, "0ns"},
		{999, "999ns"},
		{1000, "1.000µs"},
		{9_999, "9.999µs"},
		{12_345, "12.35µs"},
		{123_456, "123.5µs"},
		{999_949, "999.9µs"},
		{999_960, "1.000ms"},
		{1e6, "1.000ms"},
		{99_999_000, "100.0ms"},
		{999_960_000, "1.000s"},
		{59_990_000_000, "59.99s"},
		{59_999_000_000, "1m00s"},
		{61e9, "1m01s"},
		{3599e9, "59m59s"},
		{3599_600_000_000, "1h00m"},
		{3600e9, "1h00m"},
		{90000e9, "25h00m"},
		{1<<63 - 1, "9999h00m"},
		{-1, "-"},
	} {
		if got := string(appendDuration(nil, c.ns, false)); got != c.want {
			t.Errorf("%d: %s, want %s", c.ns, got, c.want)
		}
	}
}

func TestAppendFit(t *testing.T) {
	for _, c := range []struct {
		in    string
		n     int
		ascii bool
		want  string
	}{
		{"abcdef", 6, false, "abcdef"},
		{"abcdef", 5, false, "ab…ef"},
		{"abcdef", 4, false, "ab…f"},
		{"abcdef", 2, false, "ab"},
		{"abcdef", 0, false, ""},
		{"abcdef", 5, true, "ab..f"},
		{"日本語日本語", 8, false, "日本…語"},
		{"日本語", 1, false, ""},
		{"e\u0301e\u0301", 2, false, "e\u0301e\u0301"},
	} {
		got, n := appendFit(nil, []byte(c.in), c.n, c.ascii)
		if string(got) != c.want || n != columns(got) || n > c.n {
			t.Errorf("%q in %d: %q of %d columns, want %q", c.in, c.n, got, n, c.want)
		}
	}
}

func TestAppendEscaped(t *testing.T) {
	for _, c := range []struct {
		in    string
		ascii bool
		want  string
	}{
		{"plain é 日", false, "plain é 日"},
		{"é", true, `\u{e9}`},
		{"a\x1b[2J\r\n\t\x00\x7f", false, `a\x1b[2J\r\n\t\x00\x7f`},
		{"\u009b\u202e\u200b\u2028", false, `\u{9b}\u{202e}\u{200b}\u{2028}`},
		{"\xff\xc3(", false, `\xff\xc3(`},
		{"\ufffd", false, "\ufffd"},
	} {
		if got := string(appendEscaped(nil, []byte(c.in), c.ascii)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}
