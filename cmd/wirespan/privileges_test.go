package main

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

func TestPrivilegeLine(t *testing.T) {
	for _, c := range []struct {
		report privileges.Report
		want   string
	}{
		{privileges.Report{
			{Name: privileges.NoNewPrivs, State: privileges.InForce},
			{Name: privileges.Landlock, State: privileges.InForce, Detail: "version 3"},
			{Name: privileges.BoundingSet, State: privileges.InForce, Detail: "empty"},
			{Name: privileges.User, State: privileges.InForce, Detail: "wirespan, user 200"},
			{Name: privileges.Capabilities, State: privileges.InForce, Detail: "none left"},
			{Name: privileges.Seccomp, State: privileges.InForce},
		}, "privileges: landlock, as wirespan, user 200, no capabilities, seccomp"},
		{privileges.Report{
			{Name: privileges.NoNewPrivs, Detail: "needs Linux 3.5"},
			{Name: privileges.Landlock, Detail: "needs Linux 5.13"},
			{Name: privileges.User, Detail: "root"},
			{Name: privileges.Output, Detail: "user 200 cannot create files in /x"},
			{Name: privileges.Capabilities, State: privileges.Partly, Detail: "kept: CAP_NET_RAW for interfaces that appear"},
		}, "privileges: capabilities kept: CAP_NET_RAW for interfaces that appear; no_new_privs off: needs Linux 3.5; landlock off: needs Linux 5.13; user 200 cannot create files in /x"},
	} {
		if got := privilegeLine(c.report); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestPrivilegePlan(t *testing.T) {
	f := privilegeFlags{user: "joe", processes: true, noSandbox: true}
	p := f.plan(true)
	if p.User != "joe" || !p.Processes || !p.NoSandbox || !p.FollowInterfaces || p.Group != captureGroup {
		t.Errorf("%+v", p)
	}
	o := options{profile: "cpu.prof", out: []string{"ndjson:-", "otlp:/var/x/spans.jsonl"}}
	if got, want := o.laterFiles(), []string{"cpu.prof", "/var/x/spans.jsonl"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestExplainPermissionIsStillOne(t *testing.T) {
	if err := explainPermission(unix.EPERM); !errors.Is(err, unix.EPERM) || err.Error() == unix.EPERM.Error() {
		t.Errorf("%v: want EPERM with advice", err)
	}
	if err := explainPermission(unix.ENODEV); err != unix.ENODEV { //nolint:errorlint // the very same
		t.Errorf("%v: want it as it was", err)
	}
}
