// Package watch reads capture files that others put into directories, as one
// capture.Source: rotated files of tcpdump -G or dumpcap -b, copied in by rsync or
// a network file system.
//
// A file is read once it is whole: when it was closed or moved in (where the
// kernel tells, inotify(7)), or when it has not changed for Config.Quiet. Files
// that are whole at one time are read together, merged by time, so that the
// rotations of several hosts meet. A directory is a capture point with its name,
// and every directory below it one with its path.
//
// A file that grows after it was read, because its writer was silent for longer
// than Quiet, is read again from where it was left: packets that were delivered
// are passed over, counted from its start. What was read may be deleted, or moved
// elsewhere (Config.Done).
//
// capture/pcapfile reads the files; memory and loans are as described there.
//
// # What it does not do
//
// It does not read a file while it is written: that is wirespan read --follow.
// It remembers nothing over a restart: without Delete or Done, files that were
// there are read again.
//
//	c := watch.Default()
//	c.Dirs = []watch.Dir{{Path: "/var/spool/captures"}}
//	src, err := watch.Open(c)
package watch
