package main

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// load tells what a process uses in each second, by the level of sampling.
type load func(second int, level uint8) (cores float64, memory int64)

// play feeds a controller for some seconds and returns the level after each.
func play(c *controller, seconds int, use load) []uint8 {
	at, cpu := time.Unix(1000, 0), time.Duration(0)
	c.next(reading{at: at})
	var levels []uint8
	for s := range seconds {
		cores, memory := use(s, c.level)
		at = at.Add(time.Second)
		cpu += time.Duration(cores * float64(time.Second))
		levels = append(levels, c.next(reading{at, cpu, memory}))
	}
	return levels
}

// changes lists the levels without repeats.
func changes(levels []uint8) []uint8 {
	var list []uint8
	for i, l := range levels {
		if i == 0 || l != levels[i-1] {
			list = append(list, l)
		}
	}
	return list
}

const mib = 1 << 20

// TestControllerLowers holds that too much of either resource lowers the rate
// until it fits, and no further.
func TestControllerLowers(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits limits
		use    load
		want   []uint8
	}{
		{"within", limits{.5, 100 * mib}, func(int, uint8) (float64, int64) { return .4, 90 * mib }, []uint8{0}},
		{"no limit", limits{}, func(int, uint8) (float64, int64) { return 64, 1 << 40 }, []uint8{0}},
		{"a little more CPU", limits{cpu: .5}, func(_ int, l uint8) (float64, int64) { return .6 / float64(int(1)<<l), 0 }, []uint8{0, 1}},
		{"much more CPU", limits{cpu: .5}, func(_ int, l uint8) (float64, int64) { return 3.9 / float64(int(1)<<l), 0 }, []uint8{0, 3}},
		{"one second too much", limits{cpu: .5}, func(s int, _ uint8) (float64, int64) {
			if s == 5 {
				return 2, 0
			}
			return .3, 0
		}, []uint8{0}},
		{"CPU that does not fall", limits{cpu: .5}, func(int, uint8) (float64, int64) { return 4, 0 }, []uint8{0, 3, 6, 9, 10}},
		{"memory that grows until it is sampled", limits{memory: 100 * mib}, func(s int, l uint8) (float64, int64) {
			if l >= 2 {
				return 0, 96 * mib
			}
			return 0, int64(90+2*s) * mib
		}, []uint8{0, 1, 2}},
		{"memory that tables keep", limits{memory: 100 * mib}, func(int, uint8) (float64, int64) { return 0, 120 * mib }, []uint8{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, changes(play(newController(c.limits), 40, c.use))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestControllerRaises holds that all connections come back when the load is
// over, step by step.
func TestControllerRaises(t *testing.T) {
	c := newController(limits{cpu: .5})
	levels := play(c, 90, func(s int, l uint8) (float64, int64) {
		if s < 20 {
			return 3.9 / float64(int(1)<<l), 0
		}
		return .1, 0
	})
	if d := cmp.Diff([]uint8{0, 3, 2, 1, 0}, changes(levels)); d != "" {
		t.Error(d)
	}
}

// TestControllerKeepsStill holds that a load between half of the budget and all
// of it does not make the rate swing, and that rising too early gets rarer.
func TestControllerKeepsStill(t *testing.T) {
	c := newController(limits{cpu: .5})
	steady := play(c, 300, func(s int, l uint8) (float64, int64) { return .7 / float64(int(1)<<l), 0 })
	if d := cmp.Diff([]uint8{0, 1}, changes(steady)); d != "" {
		t.Errorf("steady load: %s", d)
	}
	// Half of the connections are cheap: one step up always seems to fit.
	c = newController(limits{cpu: .5})
	levels := play(c, 1200, func(s int, l uint8) (float64, int64) {
		if l == 0 {
			return .8, 0
		}
		return .1, 0
	})
	if n := len(changes(levels)); n > 16 {
		t.Errorf("%d changes in 20 minutes", n)
	}
	if c.patience <= calmTime {
		t.Errorf("patience %d has not grown", c.patience)
	}
}

// TestControllerClock holds that readings without time between them say nothing.
func TestControllerClock(t *testing.T) {
	c := newController(limits{cpu: .01})
	r := reading{at: time.Unix(5, 0), cpu: time.Second}
	for range 10 {
		r.cpu += time.Second
		if c.next(r) != 0 {
			t.Fatal("judged without time")
		}
	}
}

func TestParseShare(t *testing.T) {
	for s, want := range map[string]float64{"": 0, "0.5": .5, "50%": .5, "2": 2, "150%": 1.5} {
		if got, err := parseShare(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"x", "0", "-1", "%", "NaN", "1e9", "50 %"} {
		if got, err := parseShare(s); err == nil {
			t.Errorf("%q: %v, want an error", s, got)
		}
	}
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// TestCgroupLimits holds that limits of both versions are found, in containers
// and out of them, with those of the groups above.
func TestCgroupLimits(t *testing.T) {
	const unlimited = "9223372036854771712\n"
	for _, c := range []struct {
		name string
		fs   fstest.MapFS
		want limits
	}{
		{"nothing", fstest.MapFS{}, limits{}},
		{"version 2", fstest.MapFS{
			"proc/self/cgroup":    file("0::/system.slice/wirespan.service\n"),
			"proc/self/mountinfo": file("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"),
			"sys/fs/cgroup/system.slice/wirespan.service/memory.max": file("max\n"),
			"sys/fs/cgroup/system.slice/wirespan.service/cpu.max":    file("20000 100000\n"),
			"sys/fs/cgroup/system.slice/memory.max":                  file("268435456\n"),
			"sys/fs/cgroup/system.slice/cpu.max":                     file("max 100000\n"),
		}, limits{cpu: .2, memory: 256 * mib}},
		{"version 1", fstest.MapFS{
			"proc/self/cgroup": file("4:memory:/wirespan\n3:cpu,cpuacct:/wirespan\n1:name=systemd:/x\n"),
			"proc/self/mountinfo": file("31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
				"32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"),
			"sys/fs/cgroup/memory/wirespan/memory.limit_in_bytes":  file("134217728\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":           file(unlimited),
			"sys/fs/cgroup/cpu,cpuacct/wirespan/cpu.cfs_quota_us":  file("50000\n"),
			"sys/fs/cgroup/cpu,cpuacct/wirespan/cpu.cfs_period_us": file("100000\n"),
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":           file("-1\n"),
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":          file("100000\n"),
		}, limits{cpu: .5, memory: 128 * mib}},
		{"container of version 1: its group is the root of the mount", fstest.MapFS{
			"proc/self/cgroup":                           file("4:memory:/docker/abc\n"),
			"proc/self/mountinfo":                        file("32 23 0:28 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("67108864\n"),
		}, limits{memory: 64 * mib}},
		{"container of version 2 with its own namespace", fstest.MapFS{
			"proc/self/cgroup":      file("0::/\n"),
			"proc/self/mountinfo":   file("30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"),
			"sys/fs/cgroup/cpu.max": file("150000 100000\n"),
		}, limits{cpu: 1.5}},
		{"unlimited", fstest.MapFS{
			"proc/self/cgroup":                           file("4:memory:/\n"),
			"proc/self/mountinfo":                        file("32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file(unlimited),
		}, limits{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cgroupLimits(c.fs); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestLimits holds which budget counts: flags, then the control group, and only
// where something can be left out.
func TestLimits(t *testing.T) {
	group := fstest.MapFS{
		"proc/self/cgroup":         file("0::/\n"),
		"proc/self/mountinfo":      file("30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"),
		"sys/fs/cgroup/cpu.max":    file("100000 100000\n"),
		"sys/fs/cgroup/memory.max": file("209715200\n"),
	}
	for _, c := range []struct {
		o    watchOptions
		live bool
		want limits
		err  string
	}{
		{watchOptions{}, true, limits{.9, 180 * mib}, ""},
		{watchOptions{}, false, limits{}, ""},
		{watchOptions{cpu: "25%", memory: "64MiB"}, true, limits{.25, 64 * mib}, ""},
		{watchOptions{memory: "64MiB"}, false, limits{memory: 64 * mib}, ""},
		{watchOptions{cpu: "0.5"}, false, limits{}, "live input only"},
		{watchOptions{memory: "1MiB"}, true, limits{}, "at least"},
		{watchOptions{memory: "lots"}, true, limits{}, "--memory"},
		{watchOptions{cpu: "lots"}, true, limits{}, "--cpu"},
	} {
		got, err := c.o.limits(group, c.live)
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%+v live %v: %+v, %v", c.o, c.live, got, err)
		}
	}
}

// FuzzCgroup reads what control files may hold.
func FuzzCgroup(f *testing.F) {
	f.Add("0::/a/b\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "20000 100000")
	f.Add("4:memory:/../..\n", "1 1 0:1 /x /y rw - cgroup c rw,memory\n", "max")
	f.Fuzz(func(t *testing.T, own, mounts, value string) {
		l := cgroupLimits(fstest.MapFS{
			"proc/self/cgroup": file(own), "proc/self/mountinfo": file(mounts),
			"sys/fs/cgroup/cpu.max": file(value), "sys/fs/cgroup/memory.max": file(value),
		})
		if l.cpu < 0 || l.memory < 0 {
			t.Errorf("%+v", l)
		}
	})
}
