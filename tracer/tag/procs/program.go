package procs

import (
	"bytes"
	"path"
	"strings"
)

// maxProgram bounds the name of a program.
const maxProgram = 64

// options of interpreters that take the next argument.
var valued = map[string][]string{
	"python": {"-W", "-X", "-Q"},
	"node":   {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file"},
	"ruby":   {"-I", "-r", "-C", "-E"},
	"perl":   {"-I"},
	"php":    {"-c", "-d", "-z"},
	"java": {
		"-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--add-modules",
		"--add-exports", "--add-opens", "--add-reads", "--patch-module", "--limit-modules", "--source",
	},
	"sh": {"-o", "-O"},
}

// interpreter returns the family of an interpreter, by the name of its
// executable: python3.11, nodejs, php8.2, java.
func interpreter(exe string) string {
	switch exe {
	case "sh", "bash", "dash", "ash", "ksh", "zsh":
		return "sh"
	case "nodejs":
		return "node"
	}
	exe = strings.TrimRight(exe, "0123456789.")
	if _, ok := valued[exe]; ok && exe != "sh" {
		return exe
	}
	return ""
}

func isInterpreter(exe string) bool { return interpreter(exe) != "" }

// programOf returns what an interpreter runs, of /proc/PID/cmdline: the base
// name of the script, the module, the class. Other arguments are not looked
// at, and none is kept: they may hold secrets. Empty if it cannot be told.
func programOf(exe string, cmdline []byte) string {
	args := strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")
	kind := interpreter(exe)
	if title, _, ok := strings.Cut(args[0], ": "); ok && !strings.Contains(title, "/") {
		return clip(title) // the program gave itself a title: "gunicorn: master [app]"
	}
	for i := 1; i < len(args); i++ {
		a := args[i]
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch {
		case a == "":
		case kind == "python" && a == "-m", kind == "java" && (a == "-m" || a == "--module"):
			module, class, _ := strings.Cut(next, "/")
			if class != "" {
				module = class
			}
			return clip(lastDot(kind, module))
		case kind == "java" && a == "-jar":
			return clip(strings.TrimSuffix(path.Base(next), ".jar"))
		case isCode(kind, a):
			return ""
		case a[0] != '-':
			if kind == "java" {
				return clip(lastDot(kind, a))
			}
			return clip(withoutSuffix(path.Base(a)))
		case contains(valued[kind], a):
			i++
		}
	}
	return ""
}

// maxComm is TASK_COMM_LEN without the terminating zero.
const maxComm = 15

// isCommOf reports whether a main thread is called like an executable.
func isCommOf(exe, comm string) bool { return comm == exe[:min(len(exe), maxComm)] }

// startedAs returns the name that a program was started under, of
// /proc/PID/cmdline: one file may be several programs (busybox, or Debian's
// redis-server, which is redis-check-rdb). The kernel names the main thread
// after it; a thread that was given another name since is not looked at, nor any
// argument. Empty if the two do not agree.
func startedAs(comm string, cmdline []byte) string {
	arg, _, _ := strings.Cut(string(cmdline), "\x00")
	arg, _, _ = strings.Cut(arg, " ") // the program may have written a title there
	if name := path.Base(arg); isCommOf(name, comm) {
		return clip(name)
	}
	return ""
}

// isCode reports options whose argument is the program itself.
func isCode(kind, a string) bool {
	switch kind {
	case "python", "sh":
		return a == "-c"
	case "php":
		return a == "-r"
	}
	return kind != "java" && a == "-e"
}

// lastDot returns the class without its packages.
func lastDot(kind, s string) string {
	if kind == "java" {
		return s[strings.LastIndexByte(s, '.')+1:]
	}
	return s
}

func withoutSuffix(s string) string {
	for _, x := range [...]string{".py", ".pyc", ".js", ".mjs", ".cjs", ".rb", ".pl", ".php", ".sh", ".phar"} {
		if t, ok := strings.CutSuffix(s, x); ok && t != "" {
			return t
		}
	}
	return s
}

// clip makes a name fit for showing.
func clip(s string) string {
	if len(s) > maxProgram {
		s = s[:maxProgram]
	}
	if bytes.ContainsFunc([]byte(s), func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return ""
	}
	return s
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
