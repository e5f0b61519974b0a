package privileges

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// identity is the user that the process goes on as.
type identity struct {
	name   string
	uid    int
	gid    int
	groups []int
	change bool // it is not the user of now
}

// identity finds the user of the plan. It is asked before files are closed
// off, for it reads /etc/passwd and /etc/group.
func (p *Plan) identity() (*identity, error) {
	now := os.Geteuid()
	if p.User == "" {
		groups, err := os.Getgroups()
		if err != nil {
			return nil, fmt.Errorf("list groups: %w", err)
		}
		return &identity{uid: now, gid: os.Getegid(), groups: groups}, nil
	}
	u, err := user.Lookup(p.User)
	if err != nil {
		return nil, fmt.Errorf("look up user %q: %w", p.User, err)
	}
	id := &identity{name: u.Username}
	if id.uid, err = strconv.Atoi(u.Uid); err == nil {
		id.gid, err = strconv.Atoi(u.Gid)
	}
	if err != nil {
		return nil, fmt.Errorf("look up user %q: %w", p.User, err)
	}
	names, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("look up groups of user %q: %w", p.User, err)
	}
	for _, n := range names {
		if g, err := strconv.Atoi(n); err == nil {
			id.groups = append(id.groups, g)
		}
	}
	id.change = id.uid != now
	if id.change && now != 0 {
		return nil, fmt.Errorf("switch to user %q: only root can, and this is user %d", p.User, now)
	}
	return id, nil
}

// overFiles are capabilities that set permissions of files aside, or who one is.
var overFiles = []cap.Value{
	cap.CHOWN, cap.DAC_OVERRIDE, cap.FOWNER, cap.FSETID, cap.LINUX_IMMUTABLE, cap.MAC_OVERRIDE, cap.MKNOD, cap.SETFCAP, cap.SETGID, cap.SETUID,
}

// Become switches to the plan's user ahead of Drop, so that files which are made
// between the two are the user's own, and none is opened with root's rights. All
// capabilities are lost for good that set permissions of files aside; others
// stay until Drop. Without a user in the plan, or as that user, it does nothing.
func Become(p Plan) error {
	if p.User == "" {
		return nil
	}
	id, err := p.identity()
	if err != nil || !id.change {
		return err
	}
	if _, err := id.assume(); err != nil {
		return err
	}
	set := cap.GetProc()
	err = set.SetFlag(cap.Permitted, false, overFiles...)
	if err == nil {
		err = set.Fill(cap.Effective, cap.Permitted)
	}
	if err == nil {
		err = set.SetProc()
	}
	if err != nil {
		return fmt.Errorf("keep capabilities of user %q: %w", p.User, err)
	}
	return nil
}

// assume switches to the user. Capabilities outlive the switch, so that those
// the plan keeps are still there when the others are dropped.
func (id *identity) assume() (Measure, error) {
	if !id.change {
		if id.uid == 0 {
			return Measure{User, Off, "root, without its capabilities but owner of its files; --user NAME changes that"}, nil
		}
		return Measure{User, InForce, fmt.Sprintf("user %d", id.uid)}, nil
	}
	if err := cap.SetGroups(id.gid, id.groups...); err != nil {
		return Measure{User, Off, err.Error()}, fmt.Errorf("switch to groups of user %q: %w", id.name, err)
	}
	if err := cap.SetUID(id.uid); err != nil {
		return Measure{User, Off, err.Error()}, fmt.Errorf("switch to user %q: %w", id.name, err)
	}
	return Measure{User, InForce, fmt.Sprintf("%s, user %d", id.name, id.uid)}, nil
}

// unwritable warns of directories that the user, who is not root, cannot
// create files in.
func (id *identity) unwritable(paths []string) []Measure {
	if id.uid == 0 {
		return nil
	}
	dir := id.foreignDirectory(paths)
	if dir == "" {
		return nil
	}
	return []Measure{{Output, Off, fmt.Sprintf("user %d cannot create files in %s", id.uid, dir)}}
}

// foreignDirectory returns the first directory among the paths that the user
// cannot create files in by its owner, group and mode alone.
func (id *identity) foreignDirectory(paths []string) string {
	for _, p := range paths {
		dir := directory(p)
		var st unix.Stat_t
		if err := unix.Stat(dir, &st); err != nil {
			continue
		}
		if !id.mayCreate(&st) {
			return dir
		}
	}
	return ""
}

// mayCreate reads the permission bits as the kernel does: the first class that
// fits decides (path_resolution(7)).
func (id *identity) mayCreate(st *unix.Stat_t) bool {
	bits := uint32(st.Mode)
	switch {
	case st.Uid == uint32(id.uid):
		bits >>= 6
	case st.Gid == uint32(id.gid) || slices.Contains(id.groups, int(st.Gid)):
		bits >>= 3
	}
	const writeSearch = 0o3
	return bits&writeSearch == writeSearch
}

// directory is the path if it is a directory, else the one it is in.
func directory(path string) string {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return path
	}
	return filepath.Dir(path)
}

// errNotMember is what admit's refusals are.
var errNotMember = errors.New("capturing is left to members of a group")

// admit refuses callers who have the capability from the executable file, but
// are not in the group that the host's administrator lets capture. The group
// database decides, which only root can write; in a user namespace of the
// caller's own the file gives no right over the host's interfaces.
func admit(group string) error {
	if group == "" || os.Getuid() == 0 || !raisedByFile() {
		return nil
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return nil //nolint:nilerr // no such group, so no such rule
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return fmt.Errorf("look up group %q: %w", group, err)
	}
	groups, err := os.Getgroups()
	if err != nil {
		return fmt.Errorf("list groups: %w", err)
	}
	if gid == os.Getgid() || slices.Contains(groups, gid) {
		return nil
	}
	name := "NAME"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return fmt.Errorf("%w: %s. As root: usermod -aG %s %s, then log in again", errNotMember, group, group, name)
}

// raisedByFile reports whether starting the executable gave the process more
// rights than its caller had: the kernel says so in AT_SECURE (getauxval(3)).
func raisedByFile() bool {
	const atSecure = 23
	aux, err := unix.Auxv()
	if err != nil {
		return false
	}
	for _, kv := range aux {
		if kv[0] == atSecure {
			return kv[1] != 0
		}
	}
	return false
}
