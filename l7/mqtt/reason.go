package mqtt

import "github.com/wirespan/wirespan/l7"

// reasons are the reason codes of version 5 from 0x80 on (2.4), as error.type.
var reasons = [...]string{
	"unspecified_error", "malformed_packet", "protocol_error", "implementation_specific_error", "unsupported_protocol_version",
	"client_identifier_not_valid", "bad_user_name_or_password", "not_authorized", "server_unavailable", "server_busy", "banned",
	"server_shutting_down", "bad_authentication_method", "keep_alive_timeout", "session_taken_over", "topic_filter_invalid",
	"topic_name_invalid", "packet_identifier_in_use", "packet_identifier_not_found", "receive_maximum_exceeded",
	"topic_alias_invalid", "packet_too_large", "message_rate_too_high", "quota_exceeded", "administrative_action",
	"payload_format_invalid", "retain_not_supported", "qos_not_supported", "use_another_server", "server_moved",
	"shared_subscriptions_not_supported", "connection_rate_exceeded", "maximum_connect_time",
	"subscription_identifiers_not_supported", "wildcard_subscriptions_not_supported",
}

// remarks are reason codes below 0x80 that are more than plain success.
var remarks = map[byte]string{
	0x04: "disconnect_with_will_message", 0x10: "no_matching_subscribers", 0x11: "no_subscription_existed",
	0x18: "continue_authentication", 0x19: "re_authenticate",
}

// returns are the return codes of CONNACK before version 5 (3.1.1: 3.2.2.3).
var returns = [...]string{
	1: "unacceptable_protocol_version", 2: "identifier_rejected", 3: "server_unavailable", 4: "bad_user_name_or_password", 5: "not_authorized",
}

// judge states the outcome that a reason code of version 5 means.
func (p *parser) judge(m *l7.Message, code byte) {
	m.Code = int32(code)
	if code < 0x80 {
		m.Status = l7.OK
		if s := remarks[code]; s != "" {
			m.Str(keyReason, p.word(s))
		}
		return
	}
	name := "unknown_reason"
	if i := int(code) - 0x80; i < len(reasons) {
		name = reasons[i]
	}
	p.fail(m, name)
}

// fail makes an error of a message. Whoever is at fault, to the exchange a
// refusal by a broker is an error (SPANS.md, "Status").
func (p *parser) fail(m *l7.Message, name string) {
	m.Status, m.Error = l7.ServerError, p.word(name)
	m.Str(keyReason, m.Error)
}

// word puts a word into a buffer that lasts until Parse returns.
func (p *parser) word(s string) []byte {
	p.reason = append(p.reason[:0], s...)
	return p.reason
}
