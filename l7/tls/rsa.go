package tls

// transcribe keeps handshake messages where the master secret may have to be
// made of them (RFC 7627, section 3).
func (p *parser) transcribe(kind int, b []byte) {
	k := p.k
	if k == nil || p.stage >= over || kind == msgHelloRequest || k.log == nil && kind != msgClientHello || !k.source.Private() {
		return
	}
	if len(k.log)+len(b) > maxMessage {
		return
	}
	k.log = append(k.log, b...)
}

// clientKey finds the master secret by the server's RSA key (RFC 5246, section
// 7.4.7.1 and 8.1).
func (p *parser) clientKey(b []byte) {
	k := p.k
	if k == nil || k.master != nil || k.suite.method == unsupported || p.version == tls13 || p.version < tls10 {
		return
	}
	r := reader{b: b}
	cipher := r.vector(2)
	if r.short || len(cipher) < 64 {
		return
	}
	secret := k.source.PreMaster(cipher)
	if len(secret) != masterSize {
		return
	}
	label, seed := "master secret", append(append([]byte(nil), k.random[:]...), k.server[:]...)
	if k.ext {
		label, seed = "extended master secret", k.sessionHash(p.version)
	}
	k.master = prf(p.version, &k.suite, secret, label, seed, masterSize)
	k.log = nil
}

// sessionHash is RFC 7627, section 3, over the hash of the pseudorandom function.
func (k *keys) sessionHash(version int) []byte {
	if version >= tls12 {
		h := k.suite.prf.New()
		h.Write(k.log)
		return h.Sum(nil)
	}
	return oldHash(k.log)
}
