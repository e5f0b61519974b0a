#!/bin/sh
# Boots Debian's kernels in qemu with an initial RAM file system that holds the
# static binary and testdata/kernels as init, and demands that wirespan captures
# a request on lo there: Linux 6.1, and 5.10 and 6.12 where the package
# archive has them. The files of a kernel stay in build/kernels.
#
# Usage: kernels.sh [SUITE...]        (bookworm bullseye bookworm-backports)
# Skips, with the reason and status 0, what cannot be had here. KEEP=1 shows the
# whole console, ARGS are more flags of wirespan live, TIERS=syscall,legacy are
# the tiers to try, TIMES=10 boots each kernel so often, ACCEL=kvm is faster.
set -eu
[ $# -gt 0 ] || set -- bookworm bullseye bookworm-backports
GO=${GO:-go}
mirror=${MIRROR:-http://deb.debian.org/debian}
PATH=$PATH:/usr/sbin:/sbin
skip() { echo "kernels: skipped, $1"; exit 0; }
for t in qemu-system-x86_64:qemu-system-x86 cpio:cpio dpkg-deb:dpkg apt-get:apt; do
	command -v ${t%%:*} >/dev/null 2>&1 || skip "no ${t%%:*} (apt-get install ${t#*:})"
done
[ "$(uname -m)" = x86_64 ] || skip "the kernels are for x86-64, this is $(uname -m)"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || skip "no $keyring, so the package archive cannot be trusted"

dir=$PWD/build/kernels
mkdir -p "$dir/root"
CGO_ENABLED=0 $GO build -trimpath -o "$dir/root/init" ./testdata/kernels
CGO_ENABLED=0 $GO build -trimpath -buildvcs=false -ldflags '-s -w' -o "$dir/root/wirespan" ./cmd/wirespan
(cd "$dir/root" && printf 'init\nwirespan\n' | cpio -o -H newc --quiet) | gzip -1 >"$dir/initrd"

# kernel SUITE puts the newest kernel of a suite into build/kernels/SUITE/vmlinuz,
# with lists and states of apt that are its own.
kernel() {
	apt=$dir/$1/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	echo "deb [signed-by=$keyring] $mirror $1 main" >"$apt/sources.list"
	opts="-o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$apt/lists
		-o Dir::State::status=$apt/status -o Dir::Cache=$apt/cache -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User="
	# shellcheck disable=SC2086 # words
	apt-get $opts -q update >"$dir/$1/log" 2>&1 || { tail -n 2 "$dir/$1/log"; return 1; }
	# shellcheck disable=SC2086
	package=$(apt-cache $opts depends linux-image-amd64 2>>"$dir/$1/log" | sed -n 's/^ *Depends: *\(linux-image-[^ ]*\).*/\1/p' | head -n 1)
	[ -n "$package" ] || { echo "no linux-image-amd64 in $1"; return 1; }
	[ "$(cat "$dir/$1/package" 2>/dev/null)" != "$package" ] || [ ! -s "$dir/$1/vmlinuz" ] || return 0
	# shellcheck disable=SC2086
	(cd "$dir/$1" && rm -f ./*.deb && apt-get $opts -q download "$package" >>log 2>&1) || { tail -n 2 "$dir/$1/log"; return 1; }
	(cd "$dir/$1" && dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards './boot/vmlinuz-*' >vmlinuz && rm -f ./*.deb && [ -s vmlinuz ]) ||
		{ echo "no kernel in $package"; return 1; }
	echo "$package" >"$dir/$1/package"
}

# boot SUITE boots its kernel, and shows the end of the console of one that fails.
#
# Emulated by default: a boot takes seconds, and works where /dev/kvm does not.
# Both CPUs are emulated by one thread: with one for each, QEMU 7.2 goes on
# executing code that the other CPU has replaced. Linux replaces instructions
# when a tracepoint is switched on or off, and then stands still at one (soft
# lockup in syscall_trace_enter), whoever does it.
# On a busy machine emulated timers come late, so their check is left out, and a
# kernel that did not come as far as init gets a second chance.
boot() {
	console=$dir/$1/console
	for _ in 1 2; do
		timeout 600 qemu-system-x86_64 -accel "${ACCEL:-tcg,thread=single}" -m 512 -smp 2 -nodefaults -no-reboot -display none -serial stdio \
			-kernel "$dir/$1/vmlinuz" -initrd "$dir/initrd" \
			-append "console=ttyS0 quiet panic=-1 no_timer_check softlockup_all_cpu_backtrace=1 ${TIERS:+TIERS=$TIERS} ${ARGS:+-- $ARGS}" \
			</dev/null >"$console" 2>&1 || true
		! grep -aqE 'KERNEL TEST|\[said\]' "$console" || break
	done
	[ -z "${KEEP:-}" ] || cat "$console"
	if grep -a 'KERNEL TEST PASSED' "$console"; then return; fi
	echo "kernels: $1 ($(cat "$dir/$1/package")): failed; the end of its console:"
	tail -n 30 "$console"
	return 1
}

status=0
for suite; do
	mkdir -p "$dir/$suite"
	if ! why=$(kernel "$suite"); then
		echo "kernels: $suite: skipped, its kernel cannot be had: $why"
		continue
	fi
	passes=0
	for _ in $(seq "${TIMES:-1}"); do
		boot "$suite" && passes=$((passes + 1))
	done
	[ "${TIMES:-1}" = 1 ] || echo "kernels: $suite: $passes of $TIMES boots passed"
	[ "$passes" = "${TIMES:-1}" ] || status=1
done
exit $status
