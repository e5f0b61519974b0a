#!/bin/sh
# Records l7/fastcgi/testdata/*.pcap: nginx in front of php-fpm, in a network
# namespace of its own with addresses from the documentation range. Needs root,
# ip, tcpdump, nginx, php-fpm and curl. Run it anywhere: testdata/make/fastcgi.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/fastcgi.sh" inside
fi
out=$here/../../l7/fastcgi/testdata
dir=$(mktemp -d)
chmod 755 "$dir"
ip link set lo up
ip addr add 192.0.2.30/32 dev lo
ip addr add 192.0.2.31/32 dev lo

cat >"$dir/index.php" <<'END'
<?php
header('X-Request-ID: ' . ($_SERVER['HTTP_X_REQUEST_ID'] ?? 'made-up-0123456789'));
switch ($_GET['do'] ?? '') {
case 'missing': http_response_code(404); break;
case 'fail': error_log('something failed'); http_response_code(500); break;
case 'move': header('Location: /elsewhere'); break;
case 'large': echo str_repeat('x', 20000); break;
case 'post': echo strlen(file_get_contents('php://input')); break;
default: echo 'hello';
}
END
cat >"$dir/fpm.conf" <<END
[global]
error_log = $dir/fpm.log
daemonize = no
[www]
user = www-data
listen = 192.0.2.31:9000
pm = static
pm.max_children = 2
catch_workers_output = no
php_admin_flag[log_errors] = on
END
cat >"$dir/nginx.conf" <<END
pid $dir/nginx.pid;
error_log $dir/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $dir/body; fastcgi_temp_path $dir/fcgi; proxy_temp_path $dir/p; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  upstream php { server 192.0.2.31:9000; keepalive 1; }
  server {
    listen 192.0.2.30:80;
    location / {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $dir/index.php;
      fastcgi_bind 192.0.2.30;
      fastcgi_keep_conn on;
      fastcgi_pass php;
    }
  }
}
END
fpm=$(ls /usr/sbin/php-fpm* | head -1)
"$fpm" -y "$dir/fpm.conf" 2>/dev/null &
php=$!
nginx -c "$dir/nginx.conf"
sleep 1
tcpdump -q -Z root -i lo -U -w "$out/php.pcap" 'tcp port 9000' 2>/dev/null &
dump=$!
sleep 1
for what in hello missing fail move large; do
	curl -s -o /dev/null -H 'Host: shop.example' -H "X-Request-ID: 7f3a9c0e5d214b77$what" \
		-H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' "http://192.0.2.30/items/4711?do=$what"
done
head -c 6000 /dev/zero | curl -s -o /dev/null -H 'Host: shop.example' --data-binary @- 'http://192.0.2.30/items?do=post'
sleep 1
kill $dump
wait $dump || true
kill "$(cat "$dir/nginx.pid")" $php
rm -rf "$dir"
