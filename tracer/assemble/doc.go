// Package assemble puts a trace together from the spans that a store keeps.
//
// From any span or trace id it collects what is connected by keys (gather), links
// the exchanges of all agents by the rules of tracer/link, as each agent linked its
// own (relink), hangs SYS spans and the spans of SDKs into that tree (graft), corrects
// clocks, and measures where the time went. The same spans give the same tree, in
// whatever order they come. Every edge has a rule, evidence and a confidence; what
// else could have been the parent is kept.
//
// Nothing is written: a trace is assembled anew each time that it is asked for, from
// all that is known by then.
package assemble
