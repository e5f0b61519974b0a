package api

import (
	"context"
	"encoding/binary"
	"io"
	"strconv"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/show"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Draw writes a trace as `wirespan read` prints one. With Config.Verbose every edge
// is explained, what else could have been the parent, too.
func Draw(w io.Writer, t *assemble.Trace, keys *span.Keys, c show.Config) error {
	tree := show.NewTree(w, keys, c)
	ctx := context.Background() // nothing blocks here
	for i := range t.Nodes {
		s := drawn(t, i, keys)
		if err := tree.WriteSpans(ctx, []span.Span{s}); err != nil {
			return err
		}
	}
	if err := tree.Close(ctx); err != nil {
		return err
	}
	for _, l := range t.Limits {
		if _, err := io.WriteString(w, "left out: "+l+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// drawn is a node as package show takes it. Ids are places in the tree: those of
// programs that know nothing of one another may be equal.
func drawn(t *assemble.Trace, i int, keys *span.Keys) span.Span {
	n := &t.Nodes[i]
	s := span.Span{
		Trace: t.ID, ID: place(i), Start: n.Span.Start, End: n.Span.End, Kind: n.Span.Kind, Status: n.Span.Status,
		Service: []byte(n.Span.Service), Name: []byte(n.Span.Name), Depth: n.Depth,
		Resource: appendKnown(nil, n.Span.Resource, keys),
	}
	if s.Status == store.Ok {
		s.Status = span.Unset
	}
	a := appendKnown(nil, n.Span.Attrs, keys)
	if n.Offset != 0 { // show takes off what a clock is ahead
		a = span.AppendInt(a, span.KeyClockOffset, -n.Offset)
	}
	if n.Parent >= 0 {
		s.Parent = place(n.Parent)
		a = span.AppendString(a, span.KeyLinkRule, n.Rule)
		a = span.AppendFloat(a, span.KeyLinkConfidence, n.Confidence)
		if e := reasons(t, n); e != "" {
			a = span.AppendString(a, span.KeyLinkEvidence, e)
		}
	}
	s.Attrs = a
	return s
}

func place(i int) (id span.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(i)+1)
	return id
}

// reasons is the evidence of an edge, and what else could have been the parent.
func reasons(t *assemble.Trace, n *assemble.Node) string {
	out := n.Evidence
	for _, a := range n.Alternatives {
		if a.Node < 0 || a.Node >= len(t.Nodes) {
			continue
		}
		if out != "" {
			out += "; "
		}
		p := t.Nodes[a.Node].Span
		out += "or below " + p.Service + " " + p.Name + " (" + a.Rule + ", " + strconv.FormatFloat(a.Confidence, 'g', 3, 64) + ")"
	}
	return out
}

// appendKnown adds attributes that the registry has, but for what the tree says
// anew: links and clocks.
func appendKnown(out span.Attrs, list []store.Attr, keys *span.Keys) span.Attrs {
	for i := range list {
		k, ok := keys.Lookup(list[i].Key)
		switch {
		case !ok, k == span.KeyClockOffset, k == span.KeyLinkRule, k == span.KeyLinkConfidence, k == span.KeyLinkEvidence:
			continue
		}
		out = appendKey(out, k, &list[i].Value)
	}
	return out
}

func appendKey(out span.Attrs, k span.Key, v *store.Value) span.Attrs {
	switch v.Type {
	case store.String:
		return span.AppendString(out, k, v.Str)
	case store.Int:
		return span.AppendInt(out, k, v.Num)
	case store.Bool:
		return span.AppendBool(out, k, v.Num != 0)
	case store.Double:
		return span.AppendFloat(out, k, v.Float())
	case store.Array:
		var list []byte
		for text := range v.Texts {
			list = span.AppendElem(list, text)
		}
		return span.AppendStrings(out, k, list)
	}
	return out
}
