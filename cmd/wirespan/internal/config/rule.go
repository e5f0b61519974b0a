package config

import (
	"fmt"
	"net/url"
	"strings"
)

// Rule says what the type of a flag does not.
type Rule struct {
	Check  func(value string) error // of each value; nil allows what the type allows
	Enum   []string                 // the values, if these are all
	Secret bool                     // never shown; of NAME=VALUE the name is
	Reload bool                     // may change while the program runs
	Number bool                     // a number, although the flag takes text
	Action bool                     // no setting but something to do: the flag is no key
}

// Rules are what is known about keys, by flag.
type Rules map[string]Rule

// check applies a rule to one value.
func (r *Rule) check(v string) error {
	if r.Enum != nil {
		for _, e := range r.Enum {
			if e == v {
				return nil
			}
		}
		return fmt.Errorf("want %s", orList(r.Enum))
	}
	if r.Check != nil {
		return r.Check(v)
	}
	return nil
}

// orList joins words as in "a, b or c". An empty word is left out: it stands
// for nothing said.
func orList(words []string) string {
	var list []string
	for _, w := range words {
		if w != "" {
			list = append(list, w)
		}
	}
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
}

// Masked stands where a secret was.
const Masked = "REDACTED"

// mask hides what must not be shown of a value: all of a secret but the name,
// and credentials in a URL.
func (k *Key) mask(v string) string {
	if k.Rule.Secret && v != "" {
		if name, _, ok := strings.Cut(v, "="); ok {
			return name + "=" + Masked
		}
		return Masked
	}
	return maskURL(v)
}

// maskURL hides the password of a URL, or a lone user, which is a token.
func maskURL(v string) string {
	i := strings.Index(v, "://")
	if i < 0 {
		return v
	}
	rest := v[i+3:]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return maskQuery(v)
	}
	user, _, ok := strings.Cut(rest[:at], ":")
	if ok {
		user += ":" + Masked
	} else {
		user = Masked
	}
	return maskQuery(v[:i+3] + user + rest[at:])
}

// maskQuery hides the parameters of a URL that carry credentials, as those of
// a database do.
func maskQuery(v string) string {
	base, query, ok := strings.Cut(v, "?")
	if !ok {
		return v
	}
	params := strings.Split(query, "&")
	for i, p := range params {
		name, _, _ := strings.Cut(p, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		switch strings.ToLower(name) {
		case "password", "token", "access_token", "api_key", "apikey", "key", "secret", "auth":
			params[i] = name + "=" + Masked
		}
	}
	return base + "?" + strings.Join(params, "&")
}
