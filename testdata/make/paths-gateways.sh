#!/bin/sh
# Builds the gateways that are Go modules, Caddy and Traefik, into build/gateways,
# where TestPathGateways finds them. Traefik takes half an hour on two cores that
# are busy; without an argument both are built.
#
# Usage: paths-gateways.sh [caddy] [traefik]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../build/gateways
mkdir -p "$out"
[ $# -gt 0 ] || set -- caddy traefik
for g; do
	case $g in
	caddy) (cd "$here/../e2e/gateways/caddy" && go build -o "$out/caddy" .) ;;
	traefik) (cd "$here/../e2e/gateways/traefik" && go build -ldflags '-s -w' -o "$out/traefik" github.com/traefik/traefik/v3/cmd/traefik) ;;
	*) echo "paths-gateways: no gateway $g (caddy, traefik)" >&2; exit 2 ;;
	esac
done
