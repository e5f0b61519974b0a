// Package config reads the settings of wirespan from a file, the environment
// and the command line by one rule, which needs no list: the keys are the flags
// of the commands.
//
//	flag --link-memory    key link.memory    variable WIRESPAN_LINK_MEMORY
//
// A key is the flag's name with its first dash as a dot; a variable is the
// flag's name in capitals with underscores, behind WIRESPAN_. In the file the
// dot may be written as nesting. Where the name of a section is a key itself
// (otlp, beside otlp.gzip), the section holds its own value under "value".
//
// It stands in cmd, above all rooms, and knows none of them: Collect takes
// pflag.FlagSets, Load merges the sources with koanf, Settings.Fill writes the
// result back into a FlagSet, Watch tells when there is a new one. Rules say
// what a type does not: which values are allowed, which are secret, which may
// change while the program runs.
//
// Nothing here is safe for use by several goroutines at once, except Watch,
// which has its own. All strings are copies; nothing borrowed is kept. The
// package prints nothing and opens nothing but the file it is told to.
package config
