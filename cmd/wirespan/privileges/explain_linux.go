package privileges

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// PermissionError is a refused capture with what to do about it.
type PermissionError struct {
	Err    error  // what the kernel said
	Advice string // one or two sentences, the command included
}

// Error returns the refusal, and the advice on a line of its own.
func (e *PermissionError) Error() string { return e.Err.Error() + "\n" + e.Advice }

// Unwrap returns what the kernel said.
func (e *PermissionError) Unwrap() error { return e.Err }

// Explain adds to a refusal (EPERM or EACCES) of packet sockets why it came and
// what helps, in a *PermissionError. exe is the path of the executable. Other
// errors are returned as they are.
func Explain(err error, exe string) error {
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	var known *PermissionError
	if errors.As(err, &known) {
		return err
	}
	return &PermissionError{Err: err, Advice: advice(exe)}
}

// advice finds the nearest reason why the process lacks CAP_NET_RAW.
func advice(exe string) string {
	if resolved, err := filepath.EvalSymlinks(exe); err == nil {
		exe = resolved
	}
	bound, err := cap.GetBound(cap.NET_RAW)
	inBound := err != nil || bound
	uid := os.Getuid()
	switch {
	case has(cap.NET_RAW):
		return "CAP_NET_RAW is there: a security module (SELinux, AppArmor) or a seccomp profile refuses packet sockets, " +
			"or the network namespace belongs to another user namespace"
	case !inBound && uid == 0:
		return "capturing needs CAP_NET_RAW, which this container or service does not have even for root; " +
			"give it: docker run --cap-add NET_RAW --network host, securityContext.capabilities.add: [NET_RAW], or CapabilityBoundingSet=CAP_NET_RAW in the unit"
	case uid == 0:
		return "capturing needs CAP_NET_RAW, which was taken from this root process"
	case !inBound:
		return who(uid) + " lacks CAP_NET_RAW, and this container or service cannot gain it: it is not in the bounding set"
	case carries(exe) && noNewPrivs():
		return exe + " has the file capability, but no_new_privs is set here (NoNewPrivileges=yes of a unit, allowPrivilegeEscalation: false), so that it has no effect"
	case carries(exe) && noSuid(exe):
		return exe + " has the file capability, but is on a file system mounted nosuid, so that it has no effect; move it, for example to /usr/local/bin"
	case carries(exe):
		return exe + " has the file capability, but it took no effect; run it as root"
	}
	return fmt.Sprintf("capturing needs CAP_NET_RAW, which %s lacks. Run it as root, or give the program the capability once:\n  sudo setcap cap_net_raw+ep %s", who(uid), exe)
}

// has reports whether the process may use a capability.
func has(v cap.Value) bool {
	ok, err := cap.GetProc().GetFlag(cap.Effective, v)
	return err == nil && ok
}

// carries reports whether an executable has CAP_NET_RAW as a file capability.
func carries(exe string) bool {
	set, err := cap.GetFile(exe)
	if err != nil {
		return false
	}
	ok, err := set.GetFlag(cap.Permitted, cap.NET_RAW)
	return err == nil && ok
}

// noNewPrivs reports whether exec can no longer raise rights.
func noNewPrivs() bool {
	v, err := cap.Prctl(unix.PR_GET_NO_NEW_PRIVS)
	return err == nil && v == 1
}

// noSuid reports whether the file system ignores file capabilities.
func noSuid(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Flags&unix.ST_NOSUID != 0
}

// who names the user.
func who(uid int) string {
	if u, err := user.Current(); err == nil {
		return fmt.Sprintf("user %s (%d)", u.Username, uid)
	}
	return fmt.Sprintf("user %d", uid)
}
