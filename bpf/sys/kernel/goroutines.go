package kernel

// GoOffsets say where a Go runtime keeps what, in bytes (see goroutines). The
// layout is that of struct go_offsets, c/goroutine.h.
type GoOffsets struct {
	Goid, Parent uint32 // in g; Parent 0 if the version has none
	M, Curg      uint32 // of m in g, of curg in m
	Slot         int32  // amd64: of g behind the thread pointer
	WaitReason   uint32 // in g
	Reasons      uint64 // set of wait reasons whose ends are told by wakes
}

// Goroutines is what a Source of Open can do beyond sys.Source, if its tier
// can: it tells the goroutines of processes that it is told to be Go. Its
// methods may be called while another goroutine reads, and until Close. They
// call bpf(2).
type Goroutines interface {
	// Own is our process as the kernel numbers it: another number than
	// os.Getpid where we are in a process namespace.
	Own() uint32

	// SetGo names a process whose goroutines are to be told. It is forgotten
	// when the process ends or becomes another program.
	SetGo(tgid uint32, o GoOffsets) error

	// WakeGo begins to tell which goroutine of a process wakes which, by a
	// probe in its executable, an offset in a file (goroutines.Program.Ready).
	// pid is the process here, tgid the same as the kernel numbers it, for
	// which SetGo was called. Of more than limit wakes a second the rest are
	// not told.
	WakeGo(pid int, tgid uint32, executable string, at uint64, limit uint32) error

	// Wakes is how often the probe of a process was hit since WakeGo, which
	// costs it time, told or not; false: it has none.
	Wakes(tgid uint32) (uint64, bool)

	// UnwakeGo takes the probe of a process away.
	UnwakeGo(tgid uint32) error
}
