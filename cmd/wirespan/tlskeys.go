package main

import (
	"errors"

	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/tlskeys"
)

// openKeys reads what TLS can be deciphered with; nil if there is nothing. The
// files stay open as long as the program runs, for a log that is still written
// is read again when a secret is missing.
func (o *options) openKeys() (l7.KeySource, error) {
	if len(o.tlsKeyLog) == 0 && len(o.tlsKey) == 0 && o.secrets == nil {
		return nil, nil
	}
	t := tlskeys.New()
	var errs []error
	for _, path := range o.tlsKeyLog {
		errs = append(errs, t.OpenLog(path, o.live || o.paced))
	}
	for _, path := range o.tlsKey {
		errs = append(errs, t.OpenKey(path))
	}
	if o.secrets != nil {
		t.Feed(o.secrets)
	}
	return t, errors.Join(errs...)
}

// keyLogsOf gives the secrets that capture files bring along.
func keyLogsOf(src *pcapfile.Source) func() [][]byte {
	return func() (texts [][]byte) {
		for _, s := range src.Secrets() {
			if s.Type == pcapfile.SecretTLSKeyLog {
				texts = append(texts, s.Bytes)
			}
		}
		return texts
	}
}
