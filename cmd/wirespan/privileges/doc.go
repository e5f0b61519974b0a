// Package privileges gives up what a live capture no longer needs once its
// sockets and files are open, and says what is in force afterwards.
//
// It stands beside the line of packets: cmd/wirespan calls [Drop] once, after
// opening and before reading the first packet. Everything applies to all
// threads of the process and cannot be taken back:
//
//   - no_new_privs, so that no program started from here gains anything;
//   - landlock: files can be read and written only where the [Plan] says;
//   - another user, when started as root and one was named;
//   - capabilities, but those that the options need, out of every set;
//   - seccomp: calls that a tracer never makes are refused with EPERM.
//
// [Become] does the change of user ahead, between sockets and files.
//
// What the kernel does not know is left out with its reason in the [Report].
// Only what was asked for and fails is an error: a user that cannot be
// switched to, capabilities that stay.
//
// [Explain] turns the refusal of a socket into advice, [Probe] says what could
// be put in force here without doing it.
//
// The package opens no socket, reads no configuration, and holds no state.
package privileges
