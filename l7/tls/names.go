package tls

import "strconv"

// versionName is tls.protocol.version, and whether it is one of SSL.
func versionName(v int) (name string, ssl bool) {
	switch v {
	case ssl2:
		return "2", true
	case ssl3:
		return "3", true
	case tls10:
		return "1.0", false
	case tls11:
		return "1.1", false
	case tls12:
		return "1.2", false
	case tls13:
		return "1.3", false
	}
	return "", false
}

// appendSuite adds the name of a cipher suite, its number if it has none.
func appendSuite(b []byte, id uint16) []byte {
	if n := suiteName(id); n != "" {
		return append(b, n...)
	}
	return appendHex(b, id)
}

func appendHex(b []byte, v uint16) []byte {
	const digits = "0123456789abcdef"
	return append(b, '0', 'x', digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15])
}

// groupName is a name of IANA, "TLS Supported Groups", empty if rare.
func groupName(id int) string {
	switch id {
	case 23:
		return "secp256r1"
	case 24:
		return "secp384r1"
	case 25:
		return "secp521r1"
	case 29:
		return "x25519"
	case 30:
		return "x448"
	case 256:
		return "ffdhe2048"
	case 257:
		return "ffdhe3072"
	case 258:
		return "ffdhe4096"
	case 0x11eb:
		return "SecP256r1MLKEM768"
	case 0x11ec:
		return "X25519MLKEM768"
	case 0x11ed:
		return "SecP384r1MLKEM1024"
	}
	return ""
}

// Alerts, RFC 8446, section 6, and RFC 5246, section 7.2.
const (
	alertWarning   = 1
	alertFatal     = 2
	alertClose     = 0
	alertCancelled = 90
)

// appendAlert adds the name of an alert.
func appendAlert(b []byte, code uint8) []byte {
	if n := alertName(code); n != "" {
		return append(b, n...)
	}
	return strconv.AppendUint(append(b, "alert_"...), uint64(code), 10)
}

func alertName(code uint8) string {
	switch code {
	case alertClose:
		return "close_notify"
	case 10:
		return "unexpected_message"
	case 20:
		return "bad_record_mac"
	case 21:
		return "decryption_failed"
	case 22:
		return "record_overflow"
	case 30:
		return "decompression_failure"
	case 40:
		return "handshake_failure"
	case 41:
		return "no_certificate"
	case 42:
		return "bad_certificate"
	case 43:
		return "unsupported_certificate"
	case 44:
		return "certificate_revoked"
	case 45:
		return "certificate_expired"
	case 46:
		return "certificate_unknown"
	case 47:
		return "illegal_parameter"
	case 48:
		return "unknown_ca"
	case 49:
		return "access_denied"
	case 50:
		return "decode_error"
	case 51:
		return "decrypt_error"
	case 60:
		return "export_restriction"
	case 70:
		return "protocol_version"
	case 71:
		return "insufficient_security"
	case 80:
		return "internal_error"
	case 86:
		return "inappropriate_fallback"
	case alertCancelled:
		return "user_canceled"
	case 100:
		return "no_renegotiation"
	case 109:
		return "missing_extension"
	case 110:
		return "unsupported_extension"
	case 111:
		return "certificate_unobtainable"
	case 112:
		return "unrecognized_name"
	case 113:
		return "bad_certificate_status_response"
	case 114:
		return "bad_certificate_hash_value"
	case 115:
		return "unknown_psk_identity"
	case 116:
		return "certificate_required"
	case 120:
		return "no_application_protocol"
	}
	return ""
}
