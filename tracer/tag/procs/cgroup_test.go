package procs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseCgroup reads files in the layouts that runtimes and systemd
// document, for versions 1 and 2 and both together.
func TestParseCgroup(t *testing.T) {
	id, inner := strings.Repeat("3f2a9c1b77de4a60", 4), strings.Repeat("0123456789abcdef", 4)
	const pod = "6f1c2b8e-1d3a-4c5e-9f70-2b4d6a8c0e12"
	want := map[string]Cgroup{
		"docker_v1":              {Container: id, Runtime: "docker"},
		"docker_systemd_v1":      {Container: id, Runtime: "docker"},
		"docker_v2":              {Container: id, Runtime: "docker"},
		"docker_v2_namespace":    {Container: id},
		"kind_v2":                {Container: inner, Runtime: "containerd", PodUID: pod},
		"kubepods_v1":            {Container: id, PodUID: pod},
		"kubepods_containerd_v2": {Container: id, Runtime: "containerd", PodUID: pod},
		"kubepods_crio_v2":       {Container: id, Runtime: "cri-o", PodUID: pod},
		"containerd_colons_v1":   {Container: id, Runtime: "containerd", PodUID: pod},
		"static_pod":             {Container: id, Runtime: "containerd", PodUID: "0a1b2c3d4e5f60718293a4b5c6d7e8f9"},
		"podman_v2":              {Container: id, Runtime: "podman"},
		"podman_rootless_v2":     {Container: id, Runtime: "podman"},
		"podman_v1":              {Container: id, Runtime: "podman"},
		"podman_monitor":         {},
		"lxc_v1":                 {Container: "web01", Runtime: "lxc", Unit: "nginx.service"},
		"lxc_v2":                 {Container: "web01", Runtime: "lxc", Unit: "mariadb.service"},
		"lxc_monitor":            {},
		"nspawn_service":         {Container: "build-box", Runtime: "systemd-nspawn", Unit: "sshd.service"},
		"nspawn_scope":           {Container: "build-box", Runtime: "systemd-nspawn"},
		"libvirt_qemu":           {},
		"ecs_fargate":            {Container: "8a6f0d2c4b9e47f1a35d7c9e1b2f4d60-3935363592"},
		"garden":                 {Container: "b5a1f0c2-7d3e-4f60-8a9b-1c2d3e4f5a6b", Runtime: "garden"},
		"centos7_unit":           {Unit: "httpd.service"},
		"unit_v2":                {Unit: "nginx.service"},
		"unit_hybrid":            {Unit: "nginx.service"},
		"unit_template":          {Unit: "postgresql@15-main.service"},
		"user_unit":              {Unit: "syncthing.service"},
		"session":                {},
		"centos6":                {},
		"init":                   {},
	}
	files, err := filepath.Glob("testdata/cgroup/*")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, want %d (%v)", len(files), len(want), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got := ParseCgroup(b)
		if got.Path == "" && filepath.Base(f) != "centos6" {
			t.Errorf("%s: no path", f)
		}
		got.Path = ""
		if d := cmp.Diff(want[filepath.Base(f)], got); d != "" {
			t.Errorf("%s (-want +got):\n%s", f, d)
		}
	}
}

func FuzzParseCgroup(f *testing.F) {
	files, _ := filepath.Glob("testdata/cgroup/*")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := ParseCgroup(b)
		if c.Container == "" && c.Runtime != "" {
			t.Errorf("runtime %q of no container", c.Runtime)
		}
		if strings.HasPrefix(c.Unit, "user@") || c.Unit != "" && len(c.Unit) > len(b) {
			t.Errorf("unit %q", c.Unit)
		}
	})
}
