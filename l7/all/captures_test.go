package all_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/l7test"
)

// largest is the size of the largest capture that TestCaptures reads.
const largest = 512 << 10

// silent are protocols of which TestCaptures finds no message.
var silent = []string{
	"proxy", // tells the engine, not the sink
}

// TestCaptures runs captures of all kinds through flows, the engine and every
// protocol: nothing may panic, every byte is accounted for, every message ends.
func TestCaptures(t *testing.T) {
	if testing.Short() {
		t.Skip("reads hundreds of captures")
	}
	root := filepath.Join("..", "..", "..", "shared", "captures")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no captures beside the repository: ", err)
	}
	files, messages := 0, map[string]uint64{}
	protos := all.Protos()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".pcap", ".pcapng", ".cap"}, filepath.Ext(path)) {
			return err
		}
		if st, err := d.Info(); err != nil || st.Size() > largest {
			return err
		}
		r, err := l7test.PlayCapture(path, protos...)
		if err != nil || r == nil {
			return nil // damaged on purpose, or of other transports
		}
		files++
		for _, f := range r.Faults {
			t.Errorf("%s: %s", path, f)
		}
		for i, p := range r.Stats.Protos {
			messages[protos[i].Name] += p.Messages
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d captures, messages %v", files, messages)
	for name, n := range messages {
		if n == 0 && !slices.Contains(silent, name) {
			t.Errorf("no message of %s in %d captures", name, files)
		}
	}
}
