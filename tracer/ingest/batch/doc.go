// Package batch holds the spans of one request while they are decoded and written.
//
// A Batch gives out lists of attributes, values, events and links from slabs, so that
// a request of ten thousand spans costs a few allocations, and takes them back with
// Reset. Spans and all they point to are borrowed: whoever wants to keep them past
// Reset copies them. Texts are parts of the request's body, which lives as long as one
// of them.
//
// It says which spans are refused (ids, times, number), and counts what was left out
// of those that are kept. It knows no format.
package batch
