package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// Bounds of one shard; a program has 64.
const (
	shardBuffered = 1 << 20 // bytes that wait behind holes
	shardCarry    = 2 << 20 // bytes of half-read messages
	shardOpen     = 64 << 10
)

// parts are what a subcommand puts together.
type parts struct {
	keys   *span.Keys
	protos []l7.Proto
	cfg    pipelineConfig
	outs   *outputs
	ids    *identities // nil: names follow from the capture alone
}

// newKeys registers every attribute of spans and resources.
func newKeys(protos []l7.Proto, labels []string) *span.Keys {
	return join.NewKeys(protos, identity.Keys(labels)...)
}

// compose makes everything but the source from the flags.
func compose(o *options) (*parts, error) {
	p := &parts{protos: all.Protos()}
	p.keys = newKeys(p.protos, o.labels)
	rooms, err := composeRooms(o, p)
	if err != nil {
		return nil, usage(err)
	}
	if o.workers < 0 {
		return nil, usage(fmt.Errorf("--workers %d: want 0, one per core, or more", o.workers))
	}
	p.cfg = pipelineConfig{rooms: rooms, workers: o.workers, live: o.live, paced: o.paced}
	if p.cfg.workers <= 0 {
		p.cfg.workers = runtime.GOMAXPROCS(0)
	}
	lc, err := composeLink(o, p)
	if err != nil {
		return nil, usage(err)
	}
	if err := o.composePoints(p); err != nil {
		return nil, err
	}
	if p.outs, err = openOutputs(o, p.keys); err != nil {
		return nil, err
	}
	lc.Forms = p.outs.forms
	p.cfg.link = lc
	return p, nil
}

// composeRooms configures connections, parsers and pairing.
func composeRooms(o *options, p *parts) (roomConfig, error) {
	force, err1 := parseForce(o.proto)
	matcher, err2 := idMatcher(o.requestIDs)
	if err2 != nil {
		err2 = fmt.Errorf("--request-id: %w", err2)
	}
	rc, err3 := redactConfig(o)
	if o.bodies < 0 || o.bodies > 16<<10 {
		err3 = errors.Join(err3, fmt.Errorf("--bodies %d: want 0 to 16384", o.bodies))
	}
	routes, err4 := o.parseRoutes()
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return roomConfig{}, err
	}
	r := roomConfig{flows: flows.Default()}
	r.flows.MaxBufferedTotal = shardBuffered
	r.engine = engine.Config{
		Protos: p.protos, Force: force, MaxCarry: shardCarry,
		Options: l7.Options{IDs: matcher, Bodies: o.bodies},
	}
	if r.engine.Options.Keys, err1 = o.openKeys(); err1 != nil {
		return roomConfig{}, err1
	}
	r.join = join.Config{
		Timeout: o.timeout, MaxOpen: shardOpen, Keys: p.keys, Protos: p.protos, Redact: redact.New(rc),
		// --id looks for parts of contexts, too, --out pcapng for handshakes, and
		// what a store is given is complete.
		Core:   o.attributes == "core" && len(o.id) == 0 && !o.cuts() && !o.storesSpans(),
		Routes: routes, OnlyRoutes: o.unmatched == unmatchedUnset,
	}
	return r, errors.Join(r.engine.Validate(), r.flows.Validate())
}

// unmatchedUnset gives paths that match no configured route none.
const unmatchedUnset = "unset"

// parseRoutes compiles the configured routes, nil if there are none.
func (o *options) parseRoutes() (*tag.Routes, error) {
	if o.unmatched != "heuristic" && o.unmatched != unmatchedUnset {
		return nil, fmt.Errorf("--routes-unmatched %q: want heuristic or unset", o.unmatched)
	}
	if len(o.routes) == 0 {
		return nil, nil //nolint:nilnil // none is no fault
	}
	r, err := tag.ParseRoutes(o.routes)
	if err != nil {
		return nil, fmt.Errorf("--routes-pattern: %w", err)
	}
	return r, nil
}

// idMatcher adds the user's headers and fields to what carries request IDs.
func idMatcher(more []string) (*ids.Matcher, error) {
	c := ids.Default()
	for _, rule := range more {
		if err := c.Add(rule); err != nil {
			return nil, err
		}
	}
	return ids.New(c)
}

// composeLink configures linking; sinks come later.
func composeLink(o *options, p *parts) (link.Config, error) {
	c := link.Default()
	c.Agent, c.Quiet = o.agent, o.quiet
	c.Keys, c.Protos = p.keys, join.ProtocolNames(p.protos)
	for _, id := range o.id {
		c.IDs = append(c.IDs, []byte(id))
	}
	var err1, err2, err3 error
	if p.ids, err1 = composeIdentities(o, p.keys); p.ids != nil {
		c.Who = p.ids.tagger
	}
	c.Memory, err2 = sizeOf("--link-memory", o.linkMemory)
	c.Selector, err3 = newSelector(o, p.keys)
	return c, errors.Join(err1, err2, err3)
}

// composeIdentities opens what names the ends of connections beside the capture:
// what the operator says, and what live knows of its machine.
func composeIdentities(o *options, keys *span.Keys) (*identities, error) {
	m, err := readNames(o.names, o.nameFiles)
	switch {
	case err != nil:
		return nil, err
	case o.identify != nil:
		return o.identify(keys, m)
	case len(o.names)+len(o.nameFiles) > 0:
		return openIdentities(nil, keys, m, nil)
	}
	return nil, nil
}

// newPipelineOn puts the parts behind a source, or the rings of a fan-out.
func (p *parts) newPipelineOn(src ...capture.Source) (*pipeline, error) {
	return newPipeline(p.cfg, src...)
}
