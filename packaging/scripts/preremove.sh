#!/bin/sh
# Arguments: remove or upgrade from dpkg, the number of versions left from rpm.
set -e
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH
case ${1:-} in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl --no-reload disable wirespan.service wirespan-serve.service >/dev/null 2>&1 || true
	systemctl stop wirespan.service wirespan-serve.service || true
else
	for f in /etc/init.d/wirespan /etc/rc.d/init.d/wirespan; do
		if [ -x $f ]; then $f stop || true; break; fi
	done
	if command -v chkconfig >/dev/null 2>&1; then chkconfig --del wirespan || true; fi
fi
exit 0
