#!/bin/sh
# Makes what a release consists of, in dist: static binaries for amd64 and
# arm64, deb, rpm and tar.gz of them, and SHA256SUMS. Built twice from one commit
# it gives the same bytes.
#
# Usage: release.sh VERSION [ARCH...]     from the root of the repository
# DIST is another directory than dist; it is emptied first. CONFIG is another
# configuration file than packaging/wirespan.yaml.
#
# nfpm comes from the module proxy in the version below, or from NFPM. Without it
# there are no deb and rpm, and the script says so; with REQUIRE_PACKAGES=1 that
# is an error.
set -eu
nfpm_version=v2.43.4
version=${1:?version} && shift
[ $# -gt 0 ] || set -- amd64 arm64
GO=${GO:-go}
CGO_ENABLED=0
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export CGO_ENABLED SOURCE_DATE_EPOCH
umask 022
dist=${DIST:-dist}
config=${CONFIG:-packaging/wirespan.yaml}

# Packages want numbers first and no hyphens: a tag without its v, or else a
# version that is below every tag.
case $version in
v[0-9]*.* | [0-9]*.*) package=$(printf %s "${version#v}" | tr - '~') ;;
*) package=0.0.0~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M).$(printf %s "$version" | tr -c 'A-Za-z0-9\n' .) ;;
esac

build() { GOOS=linux GOARCH=$1 $GO build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version" -o "$2" ./cmd/wirespan; }

# touched gives all files below a directory the time of the commit.
touched() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

rm -rf "$dist"
work=$dist/.work
mkdir -p $work/share/man/man1 $work/share/bash-completion/completions $work/share/zsh/site-functions \
	$work/share/fish/vendor_completions.d $work/share/doc/wirespan/docs

# What any machine's binary says of itself.
GOOS='' GOARCH='' $GO build -trimpath -buildvcs=false -ldflags "-X main.version=$version" -o $work/here ./cmd/wirespan
$work/here man | gzip -9n >$work/share/man/man1/wirespan.1.gz
$work/here completion bash >$work/share/bash-completion/completions/wirespan
$work/here completion zsh >$work/share/zsh/site-functions/_wirespan
$work/here completion fish >$work/share/fish/vendor_completions.d/wirespan.fish
cp README.md CHANGELOG.md SECURITY.md $work/share/doc/wirespan/
cp LICENSE $work/share/doc/wirespan/copyright
cp docs/*.md $work/share/doc/wirespan/docs/
# Every module in the binary with its version and checksum.
$GO version -m $work/here | sed 1d >$work/share/doc/wirespan/modules.txt

nfpm=${NFPM:-}
if [ -z "$nfpm" ]; then
	if GOFLAGS=-mod=mod GOBIN="$(cd $work && pwd)/bin" GOOS='' GOARCH='' $GO install github.com/goreleaser/nfpm/v2/cmd/nfpm@$nfpm_version 2>$work/nfpm.log; then
		nfpm=$work/bin/nfpm
	else
		echo "release: nfpm $nfpm_version is not to be had from the module proxy, so no deb and no rpm: $(tail -n 1 $work/nfpm.log)" >&2
		[ "${REQUIRE_PACKAGES:-0}" = 0 ] || exit 1
	fi
fi

for arch; do
	stage=$work/$arch
	mkdir -p $stage
	cp -R $work/share $stage/share
	build "$arch" $stage/wirespan
	cp $stage/wirespan "$dist/wirespan-$version-linux-$arch"
	touched $stage
	if [ -n "$nfpm" ]; then
		sed -e "s,@VERSION@,$package,g" -e "s,@ARCH@,$arch,g" -e "s,@STAGE@,$stage,g" -e "s,@CONFIG@,$config,g" packaging/nfpm.yaml >$stage/nfpm.yaml
		for kind in deb rpm; do
			"$nfpm" package --config $stage/nfpm.yaml --packager $kind --target "$dist" >/dev/null
		done
	fi
	# The tar unpacks into one directory, with everything that the packages install.
	name=wirespan-$version-linux-$arch
	mkdir -p $work/tar/$name
	cp -R $stage/wirespan $stage/share packaging/wirespan.service packaging/wirespan-serve.service packaging/serve.yaml packaging/wirespan.slice packaging/wirespan.init \
		packaging/wirespan.default packaging/wirespan.yaml README.md LICENSE $work/tar/$name/
	tar -C $work/tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - $name | gzip -9n >"$dist/$name.tar.gz"
done
rm -rf $work
cd "$dist"
sha256sum wirespan* >SHA256SUMS
cat SHA256SUMS
