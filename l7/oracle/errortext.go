package oracle

// Errors that are of the application's making (RAISE_APPLICATION_ERROR): their
// texts may say anything.
const (
	firstOfApplication = 20000
	lastOfApplication  = 20999
)

// appendCode appends an error's number as Oracle writes it.
func appendCode(dst []byte, n int) []byte {
	dst = append(dst, "ORA-00000"...)
	for i := len(dst) - 1; n > 0 && dst[i] >= '0' && dst[i] <= '9'; i-- {
		dst[i] += byte(n % 10)
		n /= 10
	}
	return dst
}

// appendMessage appends the first line of an error's text behind its number,
// without what may be data: strings in apostrophes, and numbers.
func appendMessage(dst, text []byte) []byte {
	if len(text) < 11 {
		return dst
	}
	text = text[10:]
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	word := false
	for i := 0; i < len(text) && text[i] != '\n' && len(dst) < maxMessage; i++ {
		switch c := text[i]; {
		case c == '\'':
			dst = append(dst, '?')
			for i++; i < len(text) && text[i] != '\'' && text[i] != '\n'; i++ {
			}
			word = false
		case c >= '0' && c <= '9' && !word:
			dst = append(dst, '?')
			for i+1 < len(text) && (text[i+1] >= '0' && text[i+1] <= '9' || text[i+1] == '.') {
				i++
			}
		default:
			dst = append(dst, c)
			word = c == '_' || c == '$' || c == '#' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || word && c >= '0' && c <= '9'
		}
	}
	for len(dst) > 0 && (dst[len(dst)-1] == ' ' || dst[len(dst)-1] == '\r') {
		dst = dst[:len(dst)-1]
	}
	return dst
}

const maxMessage = 256

// ofServer reports whether an error is the server's rather than the request's:
// internal errors, resources, instances that stop or start.
func ofServer(n int) bool {
	switch n {
	case 18, 20, 28, 31, 60, 376, 600, 603, 604, 1012, 1033, 1034, 1089, 1090, 1092, 1115, 1578, 1652, 1653, 1654, 1688, 2396, 3113, 3114, 3135,
		4020, 4030, 4031, 7445, 12516, 12518, 12519, 12520, 12526, 12527, 12528, 12537, 12541, 12547:
		return true
	}
	return false
}
