package ids

import "testing"

// TestSkyWalkingIDs has the ids that spans of agents get; those in headers are the
// same (context_test.go).
func TestSkyWalkingIDs(t *testing.T) {
	plain := SkyWalkingSpan([]byte("de5980b8fce34a37aab9b4ac3af7eedd"), 3)
	if dashed := SkyWalkingSpan([]byte("de5980b8-fce3-4a37-aab9-b4ac3af7eedd"), 3); dashed != plain || plain == [8]byte{} {
		t.Errorf("%x with dashes, %x without", dashed, plain)
	}
	if next := SkyWalkingSpan([]byte("de5980b8-fce3-4a37-aab9-b4ac3af7eedd"), 4); next == plain {
		t.Error("the index makes no difference")
	}
	if got := SkyWalkingSpan([]byte("segment"), 0); got != [8]byte{} {
		t.Errorf("%x of no id", got)
	}
	java := SkyWalkingSpan([]byte("56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001"), 1)
	if want := skyWalkingSpan([]byte("56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001"), []byte("1")); java != want || java == [8]byte{} {
		t.Errorf("%x, in headers %x", java, want)
	}
	if got := SkyWalkingTrace([]byte("any")); got == [16]byte{} || got == SkyWalkingTrace([]byte("other")) {
		t.Errorf("%x of a trace id of no form", got)
	}
}
