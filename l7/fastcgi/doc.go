// Package fastcgi reads FastCGI 1.0
// (https://fastcgi-archives.github.io/FastCGI_Specification.html): requests of a
// web server to an application, multiplexed by request id over one connection.
//
// A request is its parameters, which are those of CGI (RFC 3875) and the
// header fields of the HTTP request; a response is what the application writes:
// a CGI header and a body. Both bodies are skipped record by record. Parameters
// and response headers may be cut anywhere by records: they are copied, to be
// read at once, into buffers that a connection keeps and uses again.
package fastcgi
