// Package mysql reads the client/server protocol of MySQL and MariaDB.
//
// It follows "MySQL Client/Server Protocol" of the MySQL source documentation
// (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html, called
// "MySQL" in comments) and "Client/Server Protocol" of the MariaDB documentation
// (https://mariadb.com/kb/en/clientserver-protocol/, called "MariaDB").
//
// A command is a request, its answer a response: whole if it is one packet,
// else announced with the first one and ended with the last. Rows are counted
// and passed over, values never looked at. The parser keeps the texts of
// prepared statements, the commands that wait for an answer, and of the
// compressed protocol the bytes unpacked; it keeps nothing of its input.
package mysql
