package privileges

import (
	"fmt"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Drop puts the plan in force, on all threads and for good. The order matters:
// landlock opens the directories of the plan while there is still the right to,
// the bounding set empties and the user changes while there are the capabilities
// to, and seccomp comes last because it refuses what the others call. The report is valid with an error,
// too; after one the process should end, for it may have more rights than asked.
func Drop(p Plan) (Report, error) {
	if err := admit(p.Group); err != nil {
		return nil, err
	}
	id, err := p.identity()
	if err != nil {
		return nil, err
	}
	var r Report
	r = append(r, setNoNewPrivs())
	r = append(r, p.landlock())
	r = append(r, dropBound())
	m, err := id.assume()
	r = append(r, m)
	if err != nil {
		return r, err
	}
	r = append(r, id.unwritable(p.Write)...)
	m, err = p.dropCapabilities(id)
	r = append(r, m)
	if err != nil {
		return r, err
	}
	return append(r, p.seccomp()), nil
}

// setNoNewPrivs keeps everything that is started from here from gaining rights.
func setNoNewPrivs() Measure {
	m := Measure{Name: NoNewPrivs, State: InForce}
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		m.State, m.Detail = Off, fmt.Sprintf("needs Linux 3.5: %v", err)
	}
	return m
}

// Reasons that Drop and Probe share.
const (
	noLandlock = "needs Linux 5.13 with landlock among the security modules"
	noSetpcap  = "needs CAP_SETPCAP; no_new_privs makes up for it"
)
