package local

import "fmt"

// inUse is what to say when the database could not be locked: who has it open, as far
// as the kernel tells, and how to ask for what is in it all the same.
func inUse(dir string, err error) error {
	who := holder(dir, err)
	if who == "" {
		return fmt.Errorf("%w: %w", errInUse, err)
	}
	return fmt.Errorf("%w: %s; ask it by --server", errInUse, who)
}
