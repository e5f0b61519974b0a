#!/bin/sh
# The user that the service becomes, and the group that may capture. Runs
# before the files come, for they belong to the group.
set -e
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH
exists() { if command -v getent >/dev/null 2>&1; then getent "$1" wirespan >/dev/null 2>&1; else grep -q '^wirespan:' "/etc/$1"; fi; }
nologin=/usr/sbin/nologin
[ -x $nologin ] || nologin=/sbin/nologin
exists group || groupadd --system wirespan
exists passwd || useradd --system --gid wirespan --home-dir /var/lib/wirespan --no-create-home \
	--shell $nologin --comment "wirespan" wirespan
