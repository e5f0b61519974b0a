<?php
// One request of php-fpm's workers.
[$host, $port] = explode(':', getenv('BACKEND'));
$n = (int) basename($_SERVER['REQUEST_URI']);
for ($k = 0; $k < 1 + $n % 2; $k++) {
    file_get_contents("http://$host:$port/b/$n/$k");
}
echo "done $n\n";
