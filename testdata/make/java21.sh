#!/bin/sh
# Prints the path of a Java 21 in build/java21, which it gets from Debian's
# archive once: the packages are unpacked there, with the libraries that they
# were built for, and nothing is installed. Fails with the reason.
set -eu
dir=$PWD/build/java21
mirror=${MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
fail() { echo "$1"; exit 1; }
[ ! -x "$dir/java" ] || { echo "$dir/java"; exit 0; }
[ "$(uname -m)" = x86_64 ] || fail "the packages are for x86-64, this is $(uname -m)"
command -v dpkg-deb >/dev/null && [ -r $keyring ] || fail "no dpkg, or no $keyring"
mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/root"
: >"$dir/status"
echo "deb [signed-by=$keyring] $mirror trixie main" >"$dir/sources.list"
opts="-o Dir::Etc::sourcelist=$dir/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$dir/lists
	-o Dir::State::status=$dir/status -o Dir::Cache=$dir/cache -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User="
cd "$dir"
# shellcheck disable=SC2086 # words
{ apt-get $opts -q update && apt-get $opts -q download openjdk-21-jre-headless libc6 zlib1g libstdc++6 libgcc-s1; } >log 2>&1 || fail "$(tail -n 1 log)"
for p in ./*.deb; do dpkg-deb -x "$p" root && rm "$p"; done
lib=$dir/root/usr/lib/x86_64-linux-gnu
home=$dir/root/usr/lib/jvm/java-21-openjdk-amd64
cat >java <<EOF
#!/bin/sh
exec $lib/ld-linux-x86-64.so.2 --library-path $lib:$home/lib $home/bin/java "\$@"
EOF
chmod +x java
./java --version >>log 2>&1 || { rm java; fail "it does not run: $(tail -n 1 log)"; }
echo "$dir/java"
