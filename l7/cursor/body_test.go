package cursor

import "testing"

func TestTextMedia(t *testing.T) {
	for _, c := range []struct {
		media, coding string
		want          bool
	}{
		{"", "", true},
		{"text/html; charset=utf-8", "", true},
		{"Application/JSON", "identity", true},
		{"application/problem+json", "", true},
		{"application/vnd.a.xml;q=1", "", true},
		{"application/x-www-form-urlencoded", "", true},
		{"application/json", "gzip", false},
		{"application/notjson", "", false},
		{"application/grpc", "", false},
		{"image/svg", "", false},
		{"application/octet-stream", "", false},
	} {
		if got := TextMedia([]byte(c.media), []byte(c.coding)); got != c.want {
			t.Errorf("%q in %q: %v", c.media, c.coding, got)
		}
	}
}

func TestTextOfBody(t *testing.T) {
	for _, c := range []struct {
		b    string
		cut  bool
		want string
	}{
		{"", true, ""},
		{"plain\ttext\r\n", false, "plain\ttext\r\n"},
		{"a\x00b", false, ""},
		{"a\xffb", false, ""},
		{"a€", true, "a€"},
		{"a€"[:3], true, "a"},
		{"a€"[:2], true, "a"},
		{"a€"[:3], false, ""},
		{"a\xff\xff\xff\xff\xff", true, ""},
		{"\xe2\x82", true, ""},
	} {
		if got := Text([]byte(c.b), c.cut); string(got) != c.want {
			t.Errorf("%q cut %v: %q, want %q", c.b, c.cut, got, c.want)
		}
	}
}
