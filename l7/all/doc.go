// Package all lists the protocols that wirespan knows.
//
// A protocol is one folder below l7 and one line here. A test of this package
// sees to it that every folder has what a protocol must have: README, fuzz
// target, golden case, benchmark, and its line. l7/_template is such a folder
// to copy.
package all
