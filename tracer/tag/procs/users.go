package procs

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"time"
)

const (
	maxUsers     = 1 << 16
	maxPasswd    = 16 << 20
	maxUserLine  = 64 << 10
	maxUserBytes = 64
)

// users are the names of users by number.
type users struct {
	names map[uint32]string
	mtime time.Time
	size  int64
}

// refresh reads the file again if it has changed. Without it users keep their
// numbers.
func (u *users) refresh(name string) {
	if name == "" {
		return
	}
	st, err := os.Stat(name)
	if err != nil || st.ModTime().Equal(u.mtime) && st.Size() == u.size {
		return
	}
	f, err := os.Open(name)
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // read only
	if names, err := parsePasswd(io.LimitReader(f, maxPasswd)); err == nil {
		u.names, u.mtime, u.size = names, st.ModTime(), st.Size()
	}
}

func (u *users) name(uid uint32) string { return u.names[uid] }

// parsePasswd reads passwd(5): name:password:uid:gid:... The first of several
// names counts, as it does for getpwuid.
func parsePasswd(r io.Reader) (map[uint32]string, error) {
	names := make(map[uint32]string)
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, maxStat), maxUserLine)
	for sc.Scan() && len(names) < maxUsers {
		f := bytes.SplitN(sc.Bytes(), []byte(":"), 4)
		if len(f) < 4 || len(f[0]) == 0 || len(f[0]) > maxUserBytes || f[0][0] == '#' || f[0][0] == '+' {
			continue
		}
		if uid, ok := decimal(f[2]); ok {
			if _, have := names[uid]; !have {
				names[uid] = string(f[0])
			}
		}
	}
	return names, sc.Err()
}
