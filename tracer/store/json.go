package store

// JSON writes values as JSON. How leaves look is its user's: what JSON has no way to
// write, and what its readers would round.
type JSON struct {
	Text   func(b []byte, s string) []byte // a String, and a key
	Int    func(b []byte, n int64) []byte
	Double func(b []byte, f float64) []byte
	Bytes  func(b []byte, s string) []byte

	Key func(key string) (written string, ok bool) // of a map; not ok: it is left out
}

// Append adds a value.
func (j *JSON) Append(b []byte, v *Value) []byte {
	switch v.Type {
	case String:
		return j.Text(b, v.Str)
	case Bool:
		if v.Num != 0 {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case Int:
		return j.Int(b, v.Num)
	case Double:
		return j.Double(b, v.Float())
	case Bytes:
		return j.Bytes(b, v.Str)
	case Array:
		b = append(b, '[')
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = j.Append(b, &v.List[i])
		}
		return append(b, ']')
	case Map:
		return j.AppendMap(b, v.Map)
	}
	return append(b, "null"...)
}

// AppendMap adds an object of attributes in their order.
func (j *JSON) AppendMap(b []byte, list []Attr) []byte {
	b = append(b, '{')
	sep := false
	for i := range list {
		key, ok := j.Key(list[i].Key)
		if !ok {
			continue
		}
		if sep {
			b = append(b, ',')
		}
		sep = true
		b = append(j.Text(b, key), ':')
		b = j.Append(b, &list[i].Value)
	}
	return append(b, '}')
}
