package link

// SetNames replaces the configured names (Config.Names); the map is the
// Linker's from now on. Nothing else of the Linker may run meanwhile.
func (l *Linker) SetNames(fixed map[[16]byte]string) {
	l.names.fixed = fixed
	l.names.epoch++
}
