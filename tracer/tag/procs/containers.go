package procs

import (
	"encoding/json"
	"path/filepath"
	"strings"
)

const (
	maxContainers      = 4096
	maxContainerConfig = 1 << 20
)

// containerNames are names that runtimes keep in files beside the container.
// Only Docker has them where they can be found by the id.
type containerNames struct {
	dir   string
	names map[string]string
}

// name returns the name of a container; reading it needs to be root.
func (c *containerNames) name(id string) string {
	if c.dir == "" || !isContainerID(id) {
		return ""
	}
	if n, ok := c.names[id]; ok {
		return n
	}
	b, err := readBounded(filepath.Join(c.dir, id, "config.v2.json"), maxContainerConfig)
	if err != nil {
		return "" // not Docker's, or not ours to read: cheap to ask again
	}
	n := dockerName(b)
	if c.names == nil || len(c.names) >= maxContainers {
		c.names = make(map[string]string)
	}
	c.names[id] = n
	return n
}

// dockerName reads Docker's config.v2.json. Of a container that Compose made
// it takes the service, which all its replicas share.
func dockerName(b []byte) string {
	var c struct {
		Name   string
		Config struct{ Labels map[string]string }
	}
	if json.Unmarshal(b, &c) != nil {
		return ""
	}
	for _, l := range [...]string{"com.docker.compose.service", "com.docker.swarm.service.name"} {
		if n := c.Config.Labels[l]; n != "" {
			return clip(n)
		}
	}
	return clip(strings.TrimPrefix(c.Name, "/"))
}
