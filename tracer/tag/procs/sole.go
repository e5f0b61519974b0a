package procs

// soles finds the namespaces in which all processes with sockets belong to one
// container. What is local there and not known, such as a connection that was
// too short to be seen, is that container's.
func (l *ledger) soles(own uint32) map[uint32]*Process {
	m := make(map[uint32]*Process)
	many := &Process{}
	add := func(netns uint32, p *Process) {
		if netns == own || p.PID == 0 || m[netns] == many {
			return
		}
		have := m[netns]
		switch {
		case p.Container == "" || have != nil && have.Container != p.Container:
			m[netns] = many
		case have == nil:
			m[netns] = &Process{
				Netns: netns, Exe: p.Exe, Program: p.Program, ContainerName: p.ContainerName,
				Cgroup: Cgroup{Container: p.Container, Runtime: p.Runtime, PodUID: p.PodUID},
			}
		case have.Exe != p.Exe || have.Program != p.Program:
			have.Exe, have.Program = "", ""
		}
	}
	for k, e := range l.conns {
		add(k.netns, e.p)
	}
	for k, e := range l.binds {
		add(k.netns, e.p)
	}
	for netns, p := range m {
		if p == many {
			delete(m, netns)
		}
	}
	return m
}

// keepSoles is soles with the values of the last time where they did not
// change.
func (l *ledger) keepSoles(own uint32) map[uint32]*Process {
	m := l.soles(own)
	for netns, p := range m {
		if was := l.lone[netns]; was != nil && *was == *p {
			m[netns] = was
		}
	}
	l.lone = m
	return m
}
