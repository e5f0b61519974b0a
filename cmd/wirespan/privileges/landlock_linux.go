package privileges

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// systemRead are the places that the process reads after start: addresses of
// exporters are resolved again, the local time zone is looked up, certificates
// are loaded with the first connection, counters come from /proc and /sys. Whole
// directories, because resolv.conf and its kin are replaced, not rewritten, and
// a rule holds on to the old file. /etc holds hosts, resolv.conf, nsswitch.conf,
// services, ssl, localtime and our configuration.
var systemRead = []string{
	"/etc", "/proc", "/sys",
	"/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf", "/run/connman", "/run/netconfig",
	"/run/secrets", "/var/run/secrets",
	"/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/share/pki", "/var/lib/ca-certificates",
}

// landlock limits files to those of the plan. Only files: rights over the
// network and over signals are not restricted, an exporter may be anywhere.
func (p *Plan) landlock() Measure {
	switch {
	case p.NoSandbox:
		return Measure{Landlock, Off, "--no-sandbox"}
	case p.Processes:
		return Measure{Landlock, Off, "--processes: the kernel would hide other processes' sockets"}
	}
	abi, err := llsys.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return Measure{Landlock, Off, noLandlock}
	}
	// Version 5 is the last that adds a right over files which does not touch
	// sockets: sd_notify and name service sockets stay reachable.
	if err := landlock.V5.BestEffort().RestrictPaths(p.rules()...); err != nil {
		return Measure{Landlock, Off, err.Error()}
	}
	return Measure{Landlock, InForce, fmt.Sprintf("version %d; writing only in %s", abi, list(p.writable()))}
}

// rules makes the landlock rules of the plan.
func (p *Plan) rules() []landlock.Rule {
	rules := []landlock.Rule{
		landlock.RODirs(systemRead...).IgnoreIfMissing(),
		landlock.ROFiles("/dev/urandom", "/dev/random").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
	}
	if d := directories(p.Read); len(d) > 0 {
		rules = append(rules, landlock.RODirs(d...).IgnoreIfMissing())
	}
	if d := p.writable(); len(d) > 0 {
		rules = append(rules, landlock.RWDirs(d...).IgnoreIfMissing())
	}
	return rules
}

// writable lists the directories in which files may be made.
func (p *Plan) writable() []string { return directories(p.Write) }

// directories returns the absolute directories of the paths, each once.
func directories(paths []string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, p := range paths {
		dir, err := filepath.Abs(directory(p))
		if err != nil || seen[dir] {
			continue
		}
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		seen[dir] = true
		out = append(out, dir)
	}
	return out
}

// list joins directories for a reader.
func list(dirs []string) string {
	if len(dirs) == 0 {
		return "files that are open"
	}
	s := dirs[0]
	for _, d := range dirs[1:] {
		s += ", " + d
	}
	return s
}
