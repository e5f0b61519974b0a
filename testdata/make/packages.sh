#!/bin/sh
# Installs, upgrades and removes the deb and the rpm, and goes two ways with
# each: an operator of an old host (package, init script, first trace, reload,
# stop), and a user without privileges (clear message, then the group of the file
# capability). It happens in a root of its own: an overlay of this machine's,
# in its own mount, process and network namespaces, gone at the end.
#
# Usage: packages.sh            needs root; skips with the reason and status 0
set -eu
GO=${GO:-go}
PATH=$PATH:/usr/sbin:/sbin
here=$PWD/build/packages
skip() { echo "packages: skipped, $1"; exit 0; }

prepare() {
	[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
	for t in unshare chroot dpkg rpm setcap getcap setpriv python3 curl ip; do
		command -v $t >/dev/null 2>&1 || skip "no $t"
	done
	unshare --mount --pid --net --fork true 2>/dev/null || skip "no namespaces here"
	arch=$($GO env GOARCH)
	[ "$(dpkg --print-architecture)" = "$arch" ] || skip "dpkg is for $(dpkg --print-architecture), go for $arch"
	mkdir -p "$here"
	# An upgrade is to a version with another configuration file.
	GO=$GO DIST=$here/1 packaging/release.sh v0.0.1 "$arch" >"$here/log" 2>&1 || { tail -n 5 "$here/log"; exit 1; }
	ls "$here"/1/*.deb "$here"/1/*.rpm >/dev/null 2>&1 || skip "$(grep -a 'release:' "$here/log")"
	{ cat packaging/wirespan.yaml; echo "# of version 0.0.2"; } >"$here/wirespan.yaml"
	GO=$GO DIST=$here/2 CONFIG=$here/wirespan.yaml packaging/release.sh v0.0.2 "$arch" >"$here/log" 2>&1 || { tail -n 5 "$here/log"; exit 1; }
	sums
	exec unshare --mount --pid --net --fork --kill-child --mount-proc "$0" --outside "$here"
}

# sums compares the checksums, and what the headers of the rpm ask of an rpm of 2013.
sums() {
	for v in 1 2; do (cd "$here/$v" && sha256sum --quiet -c SHA256SUMS); done
	rpm=$(ls "$here"/1/*.rpm)
	[ "$(rpm -qp --qf '%{PAYLOADCOMPRESSOR} %{PAYLOADFORMAT}' "$rpm" 2>/dev/null)" = "gzip cpio" ] || fail "the payload of the rpm is not gzip"
	new=$(rpm -qp --requires "$rpm" 2>/dev/null | grep -v -x -e '/bin/sh' -e 'rpmlib(CompressedFileNames) <= 3.0.4-1' \
		-e 'rpmlib(PayloadFilesHavePrefix) <= 4.0-1' -e 'rpmlib(FileDigests) <= 4.6.0-1' || true)
	[ -z "$new" ] || fail "the rpm wants $new"
}

# outside makes the root and goes into it.
outside() {
	here=$2
	mount --make-rprivate /
	root=$(mktemp -d)
	mount -t tmpfs -o size=512m tmpfs "$root" || skip "no tmpfs"
	mkdir "$root/upper" "$root/work" "$root/root"
	mount -t overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" overlay "$root/root" 2>/dev/null || skip "no overlay of this root file system"
	r=$root/root
	mount -t proc proc "$r/proc"
	mount -t sysfs sysfs "$r/sys" 2>/dev/null || true
	mount --rbind /dev "$r/dev"
	mount -t tmpfs tmpfs "$r/run" # no systemd here
	mount -t tmpfs tmpfs "$r/tmp"
	mkdir "$r/tmp/p"
	cp "$here"/1/*.deb "$r/tmp/p/1.deb"
	cp "$here"/2/*.deb "$r/tmp/p/2.deb"
	cp "$here"/1/*.rpm "$r/tmp/p/1.rpm"
	cp "$here"/2/*.rpm "$r/tmp/p/2.rpm"
	cp "$0" "$r/tmp/p/packages.sh"
	ip link set lo up
	exec chroot "$r" /bin/sh /tmp/p/packages.sh --inside
}

fail() {
	echo "packages: FAILED: $kind: $*" >&2
	[ ! -e /tmp/syslog ] || tail -n 20 /tmp/syslog >&2
	exit 1
}
kind=release
same() { [ "$2" = "$3" ] || fail "$1: have '$2', want '$3'"; }
modes() { stat -c '%a %U:%G' "$1"; }

# inside runs in the root: first the deb, then the rpm.
inside() {
	cd /
	PATH=/usr/sbin:/usr/bin:/sbin:/bin
	rm -f /usr/bin/wirespan /etc/init.d/wirespan
	# What the init script writes to.
	printf '#!/bin/sh\nexec cat >>/tmp/syslog\n' >/usr/bin/logger.new
	chmod 755 /usr/bin/logger.new
	mv /usr/bin/logger.new /usr/bin/logger
	python3 -m http.server 8080 --bind 127.0.0.1 --directory /etc/init.d >/dev/null 2>&1 &
	useradd --system alice 2>/dev/null || true

	kind=deb
	grep -q '^wirespan:' /etc/passwd && fail "there is a user wirespan already"
	dpkg -i /tmp/p/1.deb >/tmp/log 2>&1 || fail "dpkg -i: $(cat /tmp/log)"
	grep -q 'update-rc.d wirespan enable' /tmp/log || fail "no word on how to start it: $(cat /tmp/log)"
	installed /lib/systemd/system /usr/share/zsh/vendor-completions
	same "links of run levels" "$(find /etc/rc?.d -name '[SK]*wirespan' | wc -l | tr -d ' ')" 7
	operator /etc/init.d/wirespan
	unit /lib/systemd/system
	user
	/etc/init.d/wirespan start >/dev/null || fail "start"
	before=$(cat /var/run/wirespan.pid)
	echo "quiet: 2s" >>/etc/wirespan/wirespan.yaml
	dpkg --force-confdef -i /tmp/p/2.deb >/tmp/log 2>&1 </dev/null || fail "upgrade: $(cat /tmp/log)"
	upgraded "$before" /etc/init.d/wirespan
	dpkg -r wirespan >/tmp/log 2>&1 || fail "dpkg -r: $(cat /tmp/log)"
	removed
	grep -q 'quiet: 2s' /etc/wirespan/wirespan.yaml || fail "removal took the configuration"
	/etc/init.d/wirespan start >/dev/null && fail "the init script starts what is gone"
	dpkg -P wirespan >/tmp/log 2>&1 || fail "dpkg -P: $(cat /tmp/log)"
	for f in /etc/wirespan /etc/init.d/wirespan /etc/default/wirespan /var/lib/wirespan /usr/share/doc/wirespan; do
		[ ! -e $f ] || fail "purge leaves $f"
	done
	same "links of run levels" "$(find /etc/rc?.d -name '*wirespan' | wc -l | tr -d ' ')" 0

	kind=rpm
	rm -f /tmp/syslog
	userdel wirespan 2>/dev/null || true
	groupdel wirespan 2>/dev/null || true
	rpm --initdb 2>/dev/null || true
	# The database does not know who brought /bin/sh.
	rpm -i --nodeps /tmp/p/1.rpm >/tmp/log 2>&1 || fail "rpm -i: $(cat /tmp/log)"
	installed /usr/lib/systemd/system /usr/share/zsh/site-functions
	operator /etc/rc.d/init.d/wirespan
	unit /usr/lib/systemd/system
	user
	/etc/rc.d/init.d/wirespan start >/dev/null || fail "start"
	before=$(cat /var/run/wirespan.pid)
	echo "quiet: 2s" >>/etc/wirespan/wirespan.yaml
	rpm -U --nodeps /tmp/p/2.rpm >/tmp/log 2>&1 || fail "rpm -U: $(cat /tmp/log)"
	upgraded "$before" /etc/rc.d/init.d/wirespan
	[ -e /etc/wirespan/wirespan.yaml.rpmnew ] || fail "no .rpmnew beside the changed configuration"
	rpm -e wirespan >/tmp/log 2>&1 || fail "rpm -e: $(cat /tmp/log)"
	removed
	grep -q 'quiet: 2s' /etc/wirespan/wirespan.yaml.rpmsave || fail "removal took the configuration"
	[ ! -e /etc/rc.d/init.d/wirespan ] || fail "removal leaves the init script"
	echo "packages: deb and rpm: installed, first traces, upgraded, removed"
}

# installed UNITS ZSH looks at files, modes, capability, user.
installed() {
	same "capability" "$(getcap /usr/bin/wirespan)" "/usr/bin/wirespan cap_net_raw=ep"
	same "modes of the binary" "$(modes /usr/bin/wirespan)" "755 root:root"
	same "modes of the configuration" "$(modes /etc/wirespan/wirespan.yaml)" "640 root:wirespan"
	same "modes of the directory" "$(modes /var/lib/wirespan)" "2770 root:wirespan"
	same "home" "$(getent passwd wirespan | cut -d: -f6)" /var/lib/wirespan
	same "modes of the configuration of the server" "$(modes /etc/wirespan/serve.yaml)" "640 root:wirespan"
	for f in "$1/wirespan.service" "$1/wirespan-serve.service" "$1/wirespan.slice" "$2/_wirespan" /usr/share/bash-completion/completions/wirespan \
		/usr/share/fish/vendor_completions.d/wirespan.fish /usr/share/man/man1/wirespan.1.gz \
		/usr/share/doc/wirespan/copyright /usr/share/doc/wirespan/modules.txt /usr/share/doc/wirespan/docs/read.md; do
		[ -s "$f" ] || fail "no $f"
		same "modes of $f" "$(modes "$f")" "644 root:root"
	done
	case $(/usr/bin/wirespan version) in *v0.0.1*) ;; *) fail "version: $(/usr/bin/wirespan version)" ;; esac
	gzip -t /usr/share/man/man1/wirespan.1.gz
	bash -n /usr/share/bash-completion/completions/wirespan
	/usr/bin/wirespan config check /etc/wirespan/serve.yaml || fail "the server's configuration does not pass its own check"
	/usr/bin/wirespan config check /etc/wirespan/wirespan.yaml || fail "the configuration does not pass its own check"
}

# asks sends one request with a path of its own.
asks() { curl -s -o /dev/null "http://127.0.0.1:8080/$1"; }

# seen FILE TEXT waits for a text.
seen() {
	n=0
	until grep -qs -- "$2" "$1"; do
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
		sleep 0.1
	done
}

# status COMMAND... is its exit status.
status() {
	s=0
	"$@" >/dev/null 2>&1 || s=$?
	echo $s
}

# operator goes the way of a host without systemd.
operator() {
	init=$1
	same "status before" "$(status "$init" status)" 3
	same "reload before" "$(status "$init" reload)" 7
	same "start" "$(status "$init" start)" 0
	same "start again" "$(status "$init" start)" 0
	same "status" "$(status "$init" status)" 0
	pid=$(cat /var/run/wirespan.pid)
	same "user of the process" "$(stat -c %U "/proc/$pid")" wirespan
	grep -q '^CapBnd:	0000000000000000' "/proc/$pid/status" || fail "the process keeps its bounding set"
	seen /tmp/syslog 'listening on' || fail "no word that it listens"
	asks "first-trace-$kind"
	seen /tmp/syslog "first-trace-$kind" || fail "no trace"
	same "reload" "$(status "$init" reload)" 0
	asks "second-trace-$kind"
	seen /tmp/syslog "second-trace-$kind" || fail "no trace after reload"
	same "process after reload" "$(cat /var/run/wirespan.pid)" "$pid"
	same "restart" "$(status "$init" restart)" 0
	[ "$(cat /var/run/wirespan.pid)" != "$pid" ] || fail "restart did not"
	kill -KILL "$(cat /var/run/wirespan.pid)"
	sleep 0.2
	same "status of the dead" "$(status "$init" status)" 1
	same "start after that" "$(status "$init" start)" 0
	same "stop" "$(status "$init" stop)" 0
	same "stop again" "$(status "$init" stop)" 0
	same "status after" "$(status "$init" status)" 3
	seen /tmp/syslog 'packets captured' || fail "no summary at the end"
	same "an unknown word" "$(status "$init" frobnicate)" 2
	cp /etc/wirespan/wirespan.yaml /tmp/yaml
	echo "no.such.key: 1" >>/etc/wirespan/wirespan.yaml
	same "start with a mistake" "$(status "$init" start)" 1
	seen /tmp/syslog 'no.such.key' || fail "no word on the mistake"
	cat /tmp/yaml >/etc/wirespan/wirespan.yaml
}

# unit UNITS starts what the unit says with the rights that it gives, and is the
# service manager: told of ready, alive, stopping.
unit() {
	cp /etc/wirespan/wirespan.yaml /tmp/yaml
	printf 'out: [ndjson:/var/lib/wirespan/spans]\nwrite: /var/lib/wirespan/ring.pcapng\nfile: {size: 1KiB, count: 2}\n' >>/etc/wirespan/wirespan.yaml
	cat >/tmp/manager.py <<'P'
import os, re, signal, socket, subprocess, sys, time
unit = open(sys.argv[1]).read()
command = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1).split()
rights = re.search(r"^CapabilityBoundingSet=(.*)$", unit, re.M).group(1).lower().replace("cap_", "+").split()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/tmp/notify"); os.chmod("/tmp/notify", 0o777); s.settimeout(20)
os.umask(0o007)
p = subprocess.Popen(["setpriv", "--no-new-privs", "--bounding-set=-all," + ",".join(rights)] + command, cwd="/var/lib/wirespan",
    env={"NOTIFY_SOCKET": "/tmp/notify", "WATCHDOG_USEC": "1000000", "PATH": "/usr/bin"}, stdout=subprocess.DEVNULL)
def told(word):
    end = time.time() + 20
    while True:
        if time.time() > end:
            raise TimeoutError
        if word in s.recv(4096).decode().split("\n"):
            return
try:
    told("READY=1"); told("WATCHDOG=1")
    for i in range(40): # beyond the first file of the ring
        subprocess.run(["curl", "-s", "-o", "/dev/null", "http://127.0.0.1:8080/unit-%d" % i])
    p.send_signal(signal.SIGHUP)
    time.sleep(2)
    told("WATCHDOG=1")
    p.send_signal(signal.SIGTERM)
    told("STOPPING=1")
    sys.exit(p.wait(30))
except TimeoutError:
    p.kill(); sys.exit("the service manager was not told")
P
	python3 /tmp/manager.py "$1/wirespan.service" 2>/tmp/said || fail "as the unit: $(cat /tmp/said)"
	grep -q 'unit-39' /var/lib/wirespan/spans || fail "no span of the unit: $(cat /tmp/said)"
	grep -q -i 'denied' /tmp/said && fail "the unit lacks a right: $(cat /tmp/said)"
	same "files of the ring" "$(find /var/lib/wirespan -name 'ring*' -size +0 | wc -l | tr -d ' ')" 2
	rm -f /tmp/notify /var/lib/wirespan/*
	cat /tmp/yaml >/etc/wirespan/wirespan.yaml
}

# user goes the way of somebody without privileges.
user() {
	as() { setpriv --reuid=alice --regid=alice --inh-caps=-all "$@"; }
	live="/usr/bin/wirespan live -i lo --config= --out ndjson:/tmp/alice --status never"
	rm -f /tmp/alice
	# shellcheck disable=SC2086 # words
	as --clear-groups timeout 20 $live >/tmp/said 2>&1 && fail "a stranger may capture"
	grep -q 'usermod -aG wirespan alice' /tmp/said || fail "no advice for a stranger: $(cat /tmp/said)"
	setcap -r /usr/bin/wirespan
	# shellcheck disable=SC2086
	as --clear-groups timeout 20 $live >/tmp/said 2>&1 && fail "captures without the capability"
	grep -q 'setcap cap_net_raw+ep /usr/bin/wirespan' /tmp/said || fail "no advice without the capability: $(cat /tmp/said)"
	setcap cap_net_raw+ep /usr/bin/wirespan
	# shellcheck disable=SC2086
	setpriv --reuid=alice --regid=alice --inh-caps=-all --groups="$(getent group wirespan | cut -d: -f3)" $live >/tmp/said 2>&1 &
	job=$!
	seen /tmp/said 'listening on' || fail "a member does not capture: $(cat /tmp/said)"
	asks "member-$kind"
	seen /tmp/alice "member-$kind" || fail "a member gets no trace: $(cat /tmp/said)"
	kill -TERM $job
	wait $job || fail "ends with $?: $(cat /tmp/said)"
	# Everybody may read files.
	as --clear-groups /usr/bin/wirespan version >/dev/null || fail "a stranger may not even start it"
}

# upgraded PID INIT: the service runs the new version, the configuration is the
# operator's, the capability is there.
upgraded() {
	same "capability after the upgrade" "$(getcap /usr/bin/wirespan)" "/usr/bin/wirespan cap_net_raw=ep"
	case $(/usr/bin/wirespan version) in *v0.0.2*) ;; *) fail "version after the upgrade: $(/usr/bin/wirespan version)" ;; esac
	grep -q 'quiet: 2s' /etc/wirespan/wirespan.yaml || fail "the upgrade took the configuration"
	same "status after the upgrade" "$(status "$2" status)" 0
	[ "$(cat /var/run/wirespan.pid)" != "$1" ] || fail "the old version still runs"
}

removed() {
	[ ! -e /usr/bin/wirespan ] || fail "removal leaves the binary"
	[ ! -e /var/run/wirespan.pid ] || fail "removal leaves the service running"
	getent passwd wirespan >/dev/null || fail "removal took the user, who may own files"
}

case ${1:-} in
--outside) outside "$@" ;;
--inside) inside ;;
*) prepare ;;
esac
