package privileges

import (
	"fmt"
	"os"
	"strings"

	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Probe says what Drop could put in force on this kernel and with what the
// process has now, and changes nothing. exe is the path of the executable.
func Probe(exe string) Report {
	return Report{probeCapture(exe), probeNoNewPrivs(), probeLandlock(), probeBound(), probeSeccomp()}
}

// probeCapture says which capabilities of use the process has, and the file.
func probeCapture(exe string) Measure {
	m := Measure{Name: Capabilities}
	var have []string
	for _, v := range []cap.Value{cap.NET_RAW, cap.NET_ADMIN, cap.SYS_PTRACE, cap.DAC_READ_SEARCH, cap.SYS_ADMIN, cap.BPF, cap.PERFMON} {
		if has(v) {
			have = append(have, strings.ToUpper(v.String()))
		}
	}
	switch {
	case has(cap.NET_RAW):
		m.State, m.Detail = InForce, "has "+strings.Join(have, ", ")
	default:
		m.Detail = advice(exe)
	}
	if carries(exe) {
		m.Detail += "; the file has CAP_NET_RAW"
	}
	return m
}

func probeNoNewPrivs() Measure {
	if _, err := cap.Prctl(unix.PR_GET_NO_NEW_PRIVS); err != nil {
		return Measure{NoNewPrivs, Off, "needs Linux 3.5"}
	}
	return Measure{Name: NoNewPrivs, State: InForce}
}

func probeLandlock() Measure {
	abi, err := llsys.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return Measure{Landlock, Off, noLandlock}
	}
	return Measure{Landlock, InForce, fmt.Sprintf("version %d", abi)}
}

func probeBound() Measure {
	if has(cap.SETPCAP) {
		return Measure{Name: BoundingSet, State: InForce}
	}
	return Measure{BoundingSet, Off, noSetpcap}
}

// probeSeccomp asks with a null program, which a kernel that knows filters
// answers with EFAULT (seccomp(2)).
func probeSeccomp() Measure {
	if _, err := os.Stat("/proc/sys/kernel/seccomp"); err == nil {
		return Measure{Name: Seccomp, State: InForce}
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, 0, 0, 0); err == unix.EFAULT { //nolint:errorlint // a bare errno
		return Measure{Name: Seccomp, State: InForce}
	}
	return Measure{Seccomp, Off, "needs Linux 3.5 with CONFIG_SECCOMP_FILTER"}
}

// Admits says why Drop would refuse a process that has its rights from the
// executable file and whose user is not in the group, nil if it would not.
func Admits(group string) error { return admit(group) }
