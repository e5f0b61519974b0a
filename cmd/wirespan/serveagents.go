package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
)

// maxAgents bounds the agents that are told apart; spans of others are counted
// together.
const maxAgents = 20_000

// agentTable counts spans by agent. What has none came from SDKs.
type agentTable struct {
	mu     sync.Mutex
	list   map[string]*agentCount
	others uint64 // spans of agents beyond the bound
	apps   uint64 // spans without agent
	appsAt time.Time
}

// agentCount is what came from an agent.
type agentCount struct {
	Name  string    `json:"agent"`
	Spans uint64    `json:"spans"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// saw counts spans that the store has taken. They are borrowed.
func (a *agentTable) saw(spans []store.Span) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := 0; i < len(spans); {
		name, from := spans[i].Agent, i
		for i < len(spans) && spans[i].Agent == name {
			i++
		}
		a.count(name, uint64(i-from), now)
	}
}

func (a *agentTable) count(name string, n uint64, now time.Time) {
	if name == "" {
		a.apps, a.appsAt = a.apps+n, now
		return
	}
	if a.list == nil {
		a.list = make(map[string]*agentCount)
	}
	c := a.list[name]
	if c == nil {
		if len(a.list) >= maxAgents {
			a.others += n
			return
		}
		c = &agentCount{Name: strings.Clone(name), First: now} // the name is a part of a request
		a.list[c.Name] = c
	}
	c.Spans += n
	c.Last = now
}

// agentCounts is an agentTable as it is shown.
type agentCounts struct {
	Agents []agentCount `json:"agents"`
	Others uint64       `json:"others_spans"` // of agents beyond the bound
	Apps   uint64       `json:"app_spans"`    // without agent: of SDKs
	AppsAt time.Time    `json:"app_last,omitzero"`
}

// read returns the counts, the agents by name.
func (a *agentTable) read() agentCounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := agentCounts{Agents: make([]agentCount, 0, len(a.list)), Others: a.others, Apps: a.apps, AppsAt: a.appsAt}
	for _, x := range a.list {
		c.Agents = append(c.Agents, *x)
	}
	slices.SortFunc(c.Agents, func(a, b agentCount) int { return cmp.Compare(a.Name, b.Name) })
	return c
}

// active counts agents that sent something since a time.
func (a *agentTable) active(since time.Time) (all, active int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.list {
		if c.Last.After(since) {
			active++
		}
	}
	return len(a.list), active
}
