#!/bin/sh
# Arguments: configure [OLD] from dpkg, the number of installed versions from rpm.
set -e
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH
case ${1:-} in
configure) if [ -n "${2:-}" ]; then upgrade=yes; else upgrade=no; fi ;;
1) upgrade=no ;;
[2-9]) upgrade=yes ;;
*) exit 0 ;; # dpkg undoing something
esac

# Only members of the group wirespan may use the capability: wirespan sees to
# that itself, so that everybody can go on reading files with it.
if ! command -v setcap >/dev/null 2>&1; then
	echo "wirespan: no setcap here (libcap2-bin, libcap, libcap-progs), so only root can capture. Later: setcap cap_net_raw+ep /usr/bin/wirespan" >&2
elif ! setcap cap_net_raw+ep /usr/bin/wirespan 2>/dev/null; then
	echo "wirespan: this file system keeps no file capabilities, so only root can capture" >&2
fi

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	if [ $upgrade = yes ]; then systemctl try-restart wirespan.service wirespan-serve.service || true; fi
	how="systemctl enable wirespan && systemctl start wirespan"
else
	if [ $upgrade = no ]; then
		# Known to the run levels, but off, until somebody wants it.
		if command -v chkconfig >/dev/null 2>&1; then
			chkconfig --add wirespan || true
			how="chkconfig wirespan on && service wirespan start"
		elif command -v update-rc.d >/dev/null 2>&1; then
			update-rc.d wirespan defaults-disabled >/dev/null 2>&1 || true
			how="update-rc.d wirespan enable && service wirespan start"
		fi
	else
		for f in /etc/init.d/wirespan /etc/rc.d/init.d/wirespan; do
			if [ -x $f ]; then $f try-restart || true; break; fi
		done
	fi
fi
if [ $upgrade = no ]; then
	echo "wirespan: does not capture yet. Start it: ${how:-wirespan live}"
	echo "wirespan: let a user capture without being root: usermod -aG wirespan NAME"
fi
exit 0
