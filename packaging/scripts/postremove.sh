#!/bin/sh
# Arguments: remove, purge or upgrade from dpkg, the number of versions left from
# rpm. The user stays: files of it may be anywhere.
set -e
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
case ${1:-} in
purge)
	if command -v update-rc.d >/dev/null 2>&1; then update-rc.d wirespan remove >/dev/null 2>&1 || true; fi
	# Recordings are not ours to throw away; an empty directory is.
	rmdir /etc/wirespan /var/lib/wirespan 2>/dev/null || true
	;;
esac
exit 0
