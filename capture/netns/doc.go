// Package netns runs a function in a network namespace.
//
// Sockets stay in the namespace they were opened in, so that sources
// open theirs through it: a mirror port belongs into a namespace of its own,
// where no program answers on it.
//
// It changes no namespace and makes none.
package netns
