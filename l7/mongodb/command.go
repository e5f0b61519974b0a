package mongodb

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Names of legacy opcodes, as the commands that took their place are called.
var (
	find        = []byte("find")
	insert      = []byte("insert")
	update      = []byte("update")
	remove      = []byte("delete")
	getMore     = []byte("getMore")
	killCursors = []byte("killCursors")
)

// maxDepth bounds how deep documents are looked into.
const maxDepth = 12

// command is what is told of a request.
type command struct {
	name, collection, db    []byte
	application             []byte
	sequence                []byte  // name of a section of documents
	comment                 element // with ids
	oneWay, writes, exhaust bool
}

// subject says what the value of a command's first field is.
type subject uint8

const (
	hidden     subject = iota
	collection         // a name of one
	writing            // the same, and the reply counts documents
	wrapped            // another command
	logs               // a name that is no secret
)

// subjectOf knows the commands whose first value is a name.
func subjectOf(name []byte) subject {
	switch string(name) {
	case "find", "aggregate", "count", "distinct", "create", "drop", "createIndexes", "dropIndexes", "deleteIndexes",
		"listIndexes", "collStats", "collstats", "validate", "mapReduce", "mapreduce", "compact", "collMod", "convertToCapped",
		"reIndex", "group", "geoNear", "geoSearch", "parallelCollectionScan", "killCursors", "planCacheClear", "planCacheListFilters",
		"cloneCollectionAsCapped", "createSearchIndexes", "dropSearchIndex", "updateSearchIndex", "setIndexCommitQuorum", "findAndModify", "findandmodify":
		return collection
	case "insert", "update", "delete":
		return writing
	case "explain":
		return wrapped
	case "getLog", "renameCollection", "shardCollection", "enableSharding", "bulkWrite":
		return logs
	}
	return hidden
}

// read takes a command from its document.
func (c *command) read(d elements) {
	first := true
	for range maxFields {
		e, ok := d.next()
		if !ok {
			return
		}
		if first {
			c.begins(&e)
			first = false
			continue
		}
		c.field(&e)
	}
}

// maxFields bounds the fields of a command that are looked at.
const maxFields = 64

// begins takes name and subject.
func (c *command) begins(e *element) {
	c.name = e.name
	switch subjectOf(e.name) {
	case writing:
		c.writes = true
		c.collection = e.text()
	case collection:
		c.collection = e.text()
	case wrapped:
		if d, ok := e.inner(); ok {
			if in, ok := d.next(); ok && subjectOf(in.name) != hidden {
				c.collection = in.text()
			}
		}
	}
}

// field takes what is of interest elsewhere.
func (c *command) field(e *element) {
	switch string(e.name) {
	case "$db":
		c.db = e.text()
	case "collection":
		if string(c.name) == "getMore" {
			c.collection = e.text()
		}
	case "comment", "$comment":
		c.comment = *e
	case "client":
		c.client(e)
	case "filter", "query", "q", "$query":
		if d, ok := e.inner(); ok && c.comment.kind == 0 {
			c.search(d)
		}
	}
}

// search looks for a comment among the fields of a query.
func (c *command) search(d elements) {
	for range maxFields {
		e, ok := d.next()
		if !ok {
			return
		}
		if string(e.name) == "$comment" {
			c.comment = e
		}
	}
}

// client takes the name of the application from hello.
func (c *command) client(e *element) {
	d, ok := e.inner()
	if !ok {
		return
	}
	for range maxFields {
		e, ok := d.next()
		if !ok {
			return
		}
		if string(e.name) != "application" {
			continue
		}
		in, _ := e.inner()
		if name, ok := in.next(); ok && string(name.name) == "name" {
			c.application = name.text()
		}
		return
	}
}

// settle names a command of which only a section of documents was seen.
func (c *command) settle() {
	if len(c.name) > 0 {
		return
	}
	switch string(c.sequence) {
	case "documents":
		c.name, c.writes = insert, true
	case "updates":
		c.name, c.writes = update, true
	case "deletes":
		c.name, c.writes = remove, true
	}
}

// Bounds of comments.
const (
	maxComment = 4 << 10
	maxValue   = 512
)

// ids adds those that a comment holds: a text as in SQL, JSON, or a document.
func (p *parser) ids(m *l7.Message) {
	e := &p.cmd.comment
	if d, ok := e.inner(); ok {
		for range maxFields {
			f, ok := d.next()
			if !ok {
				return
			}
			if v := f.text(); len(v) > 0 && len(v) <= maxValue {
				if class := p.opts.IDs.Match(f.name); class != l7.IDNone {
					m.ID(class, f.name, v)
				}
			}
		}
		return
	}
	v := cursor.TrimOWS(e.text())
	switch {
	case len(v) == 0 || len(v) > maxComment:
	case v[0] == '{':
		ids.FromJSON(v, p.opts.IDs, m)
	default:
		p.freeIDs(v, m)
	}
}

// freeIDs reads a text as the comment of a statement.
func (p *parser) freeIDs(v []byte, m *l7.Message) {
	if p.comments == nil {
		p.comments = sqltext.NewReader(sqltext.Generic, p.opts.IDs)
	}
	if i := bytes.Index(v, []byte("*/")); i >= 0 {
		v = v[:i]
	}
	p.quote = append(append(append(p.quote[:0], "/*"...), v...), "*/"...)
	for _, id := range p.comments.Read(p.quote).IDs {
		m.ID(id.Class, id.Name, id.Value)
	}
}
