package main

import "testing"

// TestFlagErrors holds that wrong flags are told in words for people, with the
// status of wrong usage.
func TestFlagErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"live", "-c", "x"}, `-c, --count "x": want a whole number from 0`},
		{[]string{"live", "--quiet", "1"}, `--quiet "1": want a duration, as 1s or 500ms`},
		{[]string{"read", "--workers", "1.5", "x.pcap"}, `--workers "1.5": want a whole number`},
		{[]string{"live", "--verbose=perhaps"}, `-v, --verbose "perhaps": want true or false`},
		{[]string{"live", "--retire"}, "--retire needs a value: a duration, as 1s or 500ms"},
		{[]string{"live", "--metrics"}, "--metrics needs a value: ADDR"},
		{[]string{"read", "--wheer", "x"}, "unknown flag --wheer, did you mean --where?"},
		{[]string{"read", "--nonsense"}, "unknown flag --nonsense; wirespan read --help lists all"},
		{[]string{"read", "-Z"}, "unknown flag -Z; wirespan read --help lists all"},
		{[]string{"read", "--link-memory", "10x", demoCapture(t)}, `--link-memory: parse size "10x": unit "x" is not known; want B, KiB, MiB or GiB`},
		{[]string{"read", "--point", "edge", "a.pcap", "b.pcap"}, "--point edge names one input, but there are several: say which is meant, with --point edge=FILE"},
		{[]string{"read", "--point", "edge", "--point", "app=b.pcap", "a.pcap"}, "--point edge names one input, but there are several: say which is meant, with --point edge=FILE"},
		{[]string{"read", "--point", "edge"}, "no capture file given; - is standard input"},
		{[]string{"read", "--proto", "80=htp", demoCapture(t)}, `--proto "80=htp": protocol "htp" is not known, did you mean "http"?`},
		{[]string{"read", "--proto", "80=carrier-pigeon", demoCapture(t)}, `--proto "80=carrier-pigeon": protocol "carrier-pigeon" is not known; wirespan doctor --protocols lists them`},
		{[]string{"read", "--request-id", "json:head.serial", demoCapture(t)}, `--request-id: json: path "head.serial": must begin with $`},
		{[]string{"read", "--request-id", "cookie:a", demoCapture(t)}, `--request-id: "cookie:a": want a header, or header:, query:, form:, json: or sql: and a name`},
		{[]string{"mirror"}, "nothing to capture: name an interface with -i (-D lists them), a listener with --listen, as vxlan=:4789, a server with --connect or a directory with --watch"},
		{[]string{"mirror", "--listen", "span"}, `--listen: "span" is no kind of mirror: want KIND[=[ADDR][:PORT][%IF]] with one of vxlan, vxlan-gpe, geneve, tzsp, gtpu, gre-udp, gre, l2gre, nvgre, erspan, or pcap=ADDR`},
		{[]string{"mirror", "--listen", "pcap=:57012"}, "--listen pcap=:57012: whoever reaches it could make traces up: give --stream-token, listen on 127.0.0.1, or allow it with --insecure-listen"},
		{[]string{"mirror", "--listen", "pcap=tls://127.0.0.1:57012"}, "--listen pcap=tls://127.0.0.1:57012: TLS needs --stream-cert and --stream-key"},
		{[]string{"mirror", "--connect", "vxlan=192.0.2.1"}, `--connect: "vxlan=192.0.2.1": want pcap=[tls://]HOST[:PORT]`},
		{[]string{"mirror", "--watch", "/nowhere/captures"}, "--watch: watch directory: stat /nowhere/captures: no such file or directory"},
		{[]string{"live", "-nZ"}, "unknown flag -Z; wirespan live --help lists all"},
	} {
		o := wirespan(t, c.args...)
		if o.code != exitUsage || o.stderr != "wirespan: "+c.want+"\n" {
			t.Errorf("%v: exit status %d, %q, want %q", c.args, o.code, o.stderr, c.want)
		}
	}
}
