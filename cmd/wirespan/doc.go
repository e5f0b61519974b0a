// Command wirespan turns packets into distributed traces.
//
// This package joins the rooms: compose.go is the only place where parts are
// made and put together, pipeline.go and parallel.go move packets through
// them, and every subcommand has a file of its own. Flags, environment and
// files are read here and nowhere else.
package main
