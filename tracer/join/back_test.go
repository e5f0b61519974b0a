package join

import (
	"strings"
	"testing"
)

// A broker asks, too: a message that it delivers in several segments is
// acknowledged by the client, and the exchange is whole.
func TestServerAsks(t *testing.T) {
	r := newRig(t, nil).connect()
	r.at(10).ask("\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05probe").at(11).answer("\x20\x02\x00\x00")
	body := strings.Repeat("x", 990)
	r.at(20).answer("\x32\xe5\x07\x00\x03a/b\x00\x01" + body[:490]).at(25).answer(body[:500])
	r.at(40).ask("\x40\x02\x00\x01")
	r.at(50).ask("\x30\xe3\x07\x00\x03a/c" + body[:490]).at(55).ask(body[:500])
	r.at(60).answer("\x30\xe3\x07\x00\x03a/d" + body[:490]).at(65).answer(body[:500])
	r.want("CONNECT answered 10-11", "PUBLISH a/b answered 20-40", "PUBLISH a/c oneway 50-55", "PUBLISH a/d pushed 60-65")
}
