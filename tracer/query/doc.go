// Package query is the language of --where: it selects spans by their fields.
//
//	service = web and status >= 500 or duration > 1.5s
//	client in 10.0.0.0/8 and not url.path ~ "^/health"
//	exists db.query.text && server != db1
//
// An expression is made of comparisons, and/&&, or/||, not/! and parentheses;
// "not" binds strongest, then "and", then "or". Operators are = (or ==), !=, <,
// <=, >, >=, ~ and !~ (regular expressions, RE2), contains, in (a list in
// parentheses, or an address prefix), and exists, before or after the field. Values that contain
// white space or commas stand in quotes of either kind. A yes-or-no field may
// stand alone.
//
// Fields are attribute names and the short forms name, service, kind, status,
// duration, trace, span, parent, protocol, client, server, point, error, start,
// method, path and port. A field that a span lacks makes every comparison
// false, != and !~ too; lists match = if any element does, and != if none is
// equal. Numbers are compared as numbers, durations (10ms, 1.5s) with
// duration and with attributes in nanoseconds, status codes also by class
// (5xx), ids by their beginning.
package query
