package cassandra

// errorName is the name of an error code (section 9).
func errorName(code uint32) string {
	switch code {
	case 0x0000:
		return "SERVER_ERROR"
	case 0x000a:
		return "PROTOCOL_ERROR"
	case 0x0100:
		return "AUTHENTICATION_ERROR"
	case 0x1000:
		return "UNAVAILABLE"
	case 0x1001:
		return "OVERLOADED"
	case 0x1002:
		return "IS_BOOTSTRAPPING"
	case 0x1003:
		return "TRUNCATE_ERROR"
	case 0x1100:
		return "WRITE_TIMEOUT"
	case 0x1200:
		return "READ_TIMEOUT"
	case 0x1300:
		return "READ_FAILURE"
	case 0x1400:
		return "FUNCTION_FAILURE"
	case 0x1500:
		return "WRITE_FAILURE"
	case 0x1600:
		return "CDC_WRITE_FAILURE"
	case 0x1700:
		return "CAS_WRITE_UNKNOWN"
	case 0x2000:
		return "SYNTAX_ERROR"
	case 0x2100:
		return "UNAUTHORIZED"
	case 0x2200:
		return "INVALID"
	case 0x2300:
		return "CONFIG_ERROR"
	case 0x2400:
		return "ALREADY_EXISTS"
	case 0x2500:
		return "UNPREPARED"
	}
	return ""
}
