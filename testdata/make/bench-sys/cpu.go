//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of times in /proc/PID/stat (proc_pid_stat(5)) wherever Go
// runs.
const tick = time.Second / 100

// Places in /proc/PID/stat behind the name of the program, which may hold
// anything.
const (
	statParent = 1
	statUser   = 11
	statSystem = 12
)

// stat are the fields of a process behind its name, nil if it is gone.
func stat(pid string) [][]byte {
	b, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return nil
	}
	return bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
}

// cpuOf is the CPU time that processes have taken so far.
func cpuOf(pids ...int) (t time.Duration) {
	for _, pid := range pids {
		f := stat(strconv.Itoa(pid))
		if len(f) <= statSystem {
			continue
		}
		for _, at := range []int{statUser, statSystem} {
			n, _ := strconv.Atoi(string(f[at]))
			t += time.Duration(n) * tick
		}
	}
	return t
}

// family is a process and its children.
func family(pid int) []int {
	all := []int{pid}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		if f := stat(filepath.Base(d)); len(f) > statParent && string(f[statParent]) == fmt.Sprint(pid) {
			n, _ := strconv.Atoi(filepath.Base(d))
			all = append(all, n)
		}
	}
	return all
}
