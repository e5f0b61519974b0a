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
		{[]string{"live", "-nZ"}, "unknown flag -Z; wirespan live --help lists all"},
	} {
		o := wirespan(t, c.args...)
		if o.code != exitUsage || o.stderr != "wirespan: "+c.want+"\n" {
			t.Errorf("%v: exit status %d, %q, want %q", c.args, o.code, o.stderr, c.want)
		}
	}
}
