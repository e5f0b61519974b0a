package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const packaging = "../../packaging/"

func packagingFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(packaging + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// commandOutput runs the command line and returns what it prints.
func commandOutput(t *testing.T, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&b)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return b.String()
}

const confHead = `# Configuration of the wirespan service, and of ` + "`wirespan live`" + ` in a shell.
#
# Every flag is a key here. All of them stand below with their defaults; take the
# mark away to set one, and check the file: wirespan config check. Flags and
# variables of the environment win over this file (docs/configuration.md).
#
# Most hosts need one of these:
#
#otlp: [http://collector:4318]
#out: [otlp:/var/lib/wirespan/spans.jsonl]

`

// oneOff are flags of a single run, which have no place in a file of a service.
var oneOff = []string{"all", "color", "count", "from", "id", "numeric", "profile", "progress", "status", "to"}

// TestPackagedConfiguration keeps packaging/wirespan.yaml what the code says, and
// every line of it a valid setting once it is uncommented.
func TestPackagedConfiguration(t *testing.T) {
	var b strings.Builder
	b.WriteString(confHead)
	for entry := range strings.SplitSeq(strings.TrimSpace(commandOutput(t, "config", "print", "live", "--defaults")), "\n\n") {
		lines := strings.Split(entry, "\n")
		key, _, _ := strings.Cut(lines[len(lines)-1], ":")
		if slices.Contains(oneOff, key) {
			continue
		}
		for _, l := range lines {
			if !strings.HasPrefix(l, "#") {
				l = "#" + l
			}
			b.WriteString(l + "\n")
		}
		b.WriteString("\n")
	}
	got := strings.TrimRight(b.String(), "\n") + "\n"
	if u := flag.Lookup("update"); u != nil && u.Value.String() == "true" {
		if err := os.WriteFile(packaging+"wirespan.yaml", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if packagingFile(t, "wirespan.yaml") != got {
		t.Error("packaging/wirespan.yaml is stale; run: make generate")
	}
	set := regexp.MustCompile(`(?m)^#([a-z][a-z.-]*: )`).ReplaceAllString(strings.TrimPrefix(got, confHead), "$1")
	file := filepath.Join(t.TempDir(), "wirespan.yaml")
	if err := os.WriteFile(file, []byte(set), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(set, "\n#"); n < 40 {
		t.Errorf("%d settings, want 40 or more", n)
	}
	commandOutput(t, "config", "check", file)
	commandOutput(t, "config", "check", packaging+"wirespan.yaml")
	serve := strings.ReplaceAll(packagingFile(t, "serve.yaml"), "\n#", "\n# ") // a comment, then a setting
	serve = regexp.MustCompile(`(?m)^# ([a-z][a-z.]*: [^ ]*)$`).ReplaceAllString(serve, "$1")
	if err := os.WriteFile(file, []byte(serve), 0o644); err != nil {
		t.Fatal(err)
	}
	commandOutput(t, "config", "check", file)
	if !strings.Contains(serve, "\ntokens: ") {
		t.Error("serve.yaml: what is commented out was not checked")
	}
}

// directives219 are what the unit and the slice use that systemd 219 knows
// (systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and
// systemd.resource-control(5) of that version).
var directives219 = strings.Fields(`
	Description Documentation After Before WantedBy
	Type NotifyAccess ExecStart ExecReload Restart RestartSec RestartPreventExitStatus WatchdogSec TimeoutStopSec
	KillMode WorkingDirectory UMask LimitNOFILE LimitCORE
	Slice CPUQuota CPUShares CPUAccounting MemoryLimit MemoryAccounting
	CapabilityBoundingSet NoNewPrivileges RestrictAddressFamilies SystemCallArchitectures
	PrivateTmp PrivateDevices ProtectHome ProtectSystem`)

// TestUnitDirectives: a directive that systemd 219 does not know stands below a
// line that names the version which does. It only ever makes things stricter.
func TestUnitDirectives(t *testing.T) {
	newer := regexp.MustCompile(`^# systemd (\d+)$`)
	for _, name := range []string{"wirespan.service", "wirespan-serve.service", "wirespan.slice"} {
		since, seen := 0, 0
		for line := range strings.Lines(packagingFile(t, name)) {
			line = strings.TrimSpace(line)
			if m := newer.FindStringSubmatch(line); m != nil {
				since, _ = strconv.Atoi(m[1])
				continue
			}
			if line == "" || line[0] == '#' || line[0] == '[' {
				since = 0
				continue
			}
			key, _, ok := strings.Cut(line, "=")
			if !ok {
				t.Errorf("%s: %q is no directive", name, line)
			}
			seen++
			switch known := slices.Contains(directives219, key); {
			case known && since > 0:
				t.Errorf("%s: systemd 219 knows %s, it is said to need %d", name, key, since)
			case !known && since <= 219:
				t.Errorf("%s: systemd 219 does not know %s, and no line says which does", name, key)
			}
		}
		if seen < 5 {
			t.Errorf("%s: %d directives", name, seen)
		}
	}
}

// TestUnitVerify asks the systemd of this host, which may be newer than the
// directives for control groups v1.
func TestUnitVerify(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	dir := t.TempDir()
	for _, name := range []string{"wirespan.service", "wirespan-serve.service", "wirespan.slice"} {
		unit := strings.ReplaceAll(packagingFile(t, name), "/usr/bin/wirespan", "/bin/true")
		unit = strings.ReplaceAll(unit, "man:wirespan(1) ", "")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(analyze, "verify", filepath.Join(dir, "wirespan.service"), filepath.Join(dir, "wirespan-serve.service")).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, dir) && !strings.Contains(line, "will be removed soon") {
			t.Error(line)
		}
	}
	if err != nil && !strings.Contains(string(out), "will be removed soon") {
		t.Logf("systemd-analyze: %v\n%s", err, out)
	}
}

// TestPackageScripts lets a strict shell read every script, and nfpm.yaml name
// files that are there.
func TestPackageScripts(t *testing.T) {
	scripts, _ := filepath.Glob(packaging + "scripts/*.sh")
	scripts = append(scripts, packaging+"wirespan.init", packaging+"release.sh", packaging+"wirespan.default")
	if len(scripts) != 7 {
		t.Fatalf("%d scripts", len(scripts))
	}
	shell := "sh"
	if dash, err := exec.LookPath("dash"); err == nil {
		shell = dash
	}
	for _, s := range scripts {
		if out, err := exec.Command(shell, "-n", s).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", s, err, out)
		}
	}
	var spec struct {
		Scripts  map[string]string
		Contents []struct {
			Src, Dst, Type string
		}
	}
	text := strings.NewReplacer("@STAGE@", "STAGE", "@ARCH@", "amd64", "@VERSION@", "1", "@CONFIG@", "packaging/wirespan.yaml").Replace(packagingFile(t, "nfpm.yaml"))
	if err := yaml.Unmarshal([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	if len(spec.Scripts) != 4 || len(spec.Contents) < 15 {
		t.Errorf("%d scripts, %d files", len(spec.Scripts), len(spec.Contents))
	}
	for _, s := range spec.Scripts {
		spec.Contents = append(spec.Contents, struct{ Src, Dst, Type string }{s, "", ""})
	}
	for _, c := range spec.Contents {
		if _, err := os.Stat("../../" + c.Src); c.Src != "" && !strings.HasPrefix(c.Src, "STAGE/") && err != nil {
			t.Errorf("nfpm.yaml: %v", err)
		}
	}
}

// TestManualPage lets man check what the packages ship.
func TestManualPage(t *testing.T) {
	page := commandOutput(t, "man")
	for _, want := range []string{".TH WIRESPAN 1", ".SH WIRESPAN LIVE", `\fB\-i, \-\-interface\fR \fIIF\fR`, `\-\-config`, ".SH SEE ALSO"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	for i, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, ".") && !regexp.MustCompile(`^\.(TH|SH|TP|PP|B|BR|I|br|nf|fi)\b`).MatchString(line) {
			t.Errorf("line %d: %q is no macro of ours", i+1, line)
		}
	}
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("no groff to check the page with")
	}
	check := exec.Command("groff", "-man", "-Tutf8", "-ww", "-z")
	check.Stdin = strings.NewReader(page)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%s", err, out)
	}
}

// TestCompletions lets bash read its completions; the others are only made.
func TestCompletions(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		text := commandOutput(t, "completion", shell)
		if !strings.Contains(text, "wirespan") {
			t.Errorf("%s: nothing of wirespan", shell)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		file := filepath.Join(t.TempDir(), fmt.Sprint("completion.", shell))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(path, "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
}
