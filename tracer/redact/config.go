package redact

import (
	"errors"
	"fmt"
)

// Config says what is sensitive. The zero Config is the default. Names are
// compared without regard to case and without punctuation, so "api_key"
// covers "Api-Key" and "apiKey"; a "*" at either end stands for any text.
type Config struct {
	Off         bool     // everything passes unchanged
	Names       []string // replaces the default names of parameters and keys
	MoreNames   []string // adds to them
	Headers     []string // replaces the default header names
	MoreHeaders []string // adds to them
}

// Validate reports all entries that could match nothing or everything.
func (c Config) Validate() error {
	var faults []error
	for _, l := range []struct {
		key  string
		list []string
	}{{"names", c.Names}, {"more_names", c.MoreNames}, {"headers", c.Headers}, {"more_headers", c.MoreHeaders}} {
		for _, s := range l.list {
			if len(appendFolded(nil, []byte(s))) == 0 {
				faults = append(faults, fmt.Errorf("redact.%s: %q has no letter or digit", l.key, s))
			}
		}
	}
	return errors.Join(faults...)
}

// Redactor replaces secrets. The zero Redactor replaces nothing.
type Redactor struct {
	off     bool
	params  names // of query, form and path parameters
	keys    names // of JSON and XML
	headers names
}

// New returns a Redactor for a valid Config.
func New(c Config) *Redactor {
	r := &Redactor{off: c.Off}
	if c.Names != nil {
		r.params.add(c.Names)
		r.keys.add(c.Names)
	} else {
		r.params.add(defaultNames)
		r.params.add(defaultParams)
		r.keys.add(defaultNames)
	}
	r.params.add(c.MoreNames)
	r.keys.add(c.MoreNames)
	if c.Headers != nil {
		r.headers.add(c.Headers)
	} else {
		r.headers.add(defaultHeaders)
	}
	r.headers.add(c.MoreHeaders)
	return r
}

// Header reports whether the value of a header must not be kept.
func (r *Redactor) Header(name []byte) bool {
	return !r.off && r.headers.match(name)
}

// Name reports whether the value of a parameter or field must not be kept.
func (r *Redactor) Name(name []byte) bool {
	return !r.off && r.params.match(name)
}

// Off reports whether everything passes unchanged.
func (r *Redactor) Off() bool { return r.off }

// Replacement stands where a secret was.
const Replacement = "REDACTED"

// defaultNames are sensitive wherever names have values.
var defaultNames = []string{
	"*password*", "*passwd*", "*passphrase*", "*passcode*", "pwd", "*userpwd", "pass", "pw", "*secret*", "*credential*",
	"*token", "*apikey", "*accesskey*", "*privatekey*", "*authkey", "*secretkey*", "key", "sig", "*signature",
	"auth", "authorization", "*oauth", "bearer", "session", "*sessionid", "*sessid", "sid", "connect.sid", "jwt", "*jwt", "assertion",
	"*clientassertion", "saml_response", "saml_request", "samlart", "otp", "totp", "pin", "cvv", "cvc", "cvv2", "ticket", "nonce_key",
	"x-amz-signature", "x-amz-credential", "x-amz-security-token", "awsaccesskeyid", "x-goog-signature", "x-goog-credential",
	"x-oss-signature", "ossaccesskeyid", "googleaccessid", "code_verifier", "csrf", "xsrf", "cookie", "set-cookie",
}

// defaultParams are sensitive in queries and forms only. OAuth's authorization
// code travels there (RFC 6749, 4.1.2); in JSON "code" is a result.
var defaultParams = []string{"code"}

var defaultHeaders = []string{
	"*authorization", "cookie", "cookie2", "set-cookie", "set-cookie2", "authentication-info", "proxy-authentication-info",
	"*token", "*api-key", "*apikey", "*auth-key", "*access-key*", "*secret*", "*password*", "*credential*", "*session-id", "x-auth", "x-jwt*",
	"*jwt-assertion", "*jwt", "x-auth-*", "x-amzn-oidc-data", "x-forwarded-client-cert",
}
