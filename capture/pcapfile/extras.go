package pcapfile

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wirespan/wirespan/capture"
)

// Bounds of what is kept beside packets. What exceeds them is dropped and
// counted.
const (
	maxNames       = 1 << 16 // until TakeNames
	maxSecretBytes = 8 << 20 // in all
)

// Secret is the content of a decryption secrets block,
// draft-ietf-opsawg-pcapng, section 4.7.
type Secret struct {
	Type  uint32 // 0x544c534b is a TLS key log
	Bytes []byte
}

// SecretTLSKeyLog is the type of secrets in the format of SSLKEYLOGFILE.
const SecretTLSKeyLog = 0x544c534b

type store struct {
	mu      sync.Mutex
	names   []capture.Name
	secrets []Secret
	size    int // bytes of secrets

	namesLost, secretsLost atomic.Uint64

	pointNames map[string]struct{} // of Source.points; the reading goroutine's
}

// TakeNames returns the names met since the last call. Names of a file that
// is read alone are there when the batch behind them is.
func (s *Source) TakeNames() []capture.Name {
	s.extra.mu.Lock()
	defer s.extra.mu.Unlock()
	names := s.extra.names
	s.extra.names = nil
	return names
}

// Secrets returns the decryption secrets met so far, at most 8 MiB. They are
// for decryption here and must not be written to any output.
func (s *Source) Secrets() []Secret {
	s.extra.mu.Lock()
	defer s.extra.mu.Unlock()
	return slices.Clone(s.extra.secrets)
}

// Unkept counts the names and the secrets that exceeded their bounds.
func (s *Source) Unkept() (names, secrets uint64) {
	return s.extra.namesLost.Load(), s.extra.secretsLost.Load()
}

func (s *Source) addName(n capture.Name) {
	s.extra.mu.Lock()
	defer s.extra.mu.Unlock()
	if len(s.extra.names) == maxNames {
		s.extra.namesLost.Add(1)
		return
	}
	s.extra.names = append(s.extra.names, n)
}

func (s *Source) addSecret(kind uint32, secret []byte) {
	s.extra.mu.Lock()
	defer s.extra.mu.Unlock()
	const overhead = 64 // so that empty ones are bounded too
	if s.extra.size+len(secret)+overhead > maxSecretBytes {
		s.extra.secretsLost.Add(1)
		return
	}
	s.extra.size += len(secret) + overhead
	s.extra.secrets = append(s.extra.secrets, Secret{Type: kind, Bytes: bytes.Clone(secret)})
}

func (s *Source) addDrops(kernel, iface uint64) {
	s.kernelDrops.Add(kernel)
	s.ifaceDrops.Add(iface)
}

func (s *Source) addUnread(kind uint32) {
	if kind == blockNames {
		s.extra.namesLost.Add(1)
	} else {
		s.extra.secretsLost.Add(1)
	}
}

// addRecording is for probes; a Source knows from them what it reads.
func (s *Source) addRecording(Recording) {}
