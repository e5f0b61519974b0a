package rocketmq

import "strconv"

// Numbers of versions (class MQVersion): from 4.4.0 on every digit of the last
// two parts has a snapshot and a release.
const (
	firstNamed  = 293 // 4.4.0
	firstPatch  = 40
	perMajor    = 100
	majorOf4    = 4
	versionStep = 2
)

// appendVersion writes the name of a version.
func appendVersion(b []byte, v int32) []byte {
	n := int64(v-firstNamed+1)/versionStep + firstPatch
	b = append(strconv.AppendInt(b, majorOf4+n/perMajor, 10), '.')
	b = append(strconv.AppendInt(b, n/10%10, 10), '.')
	return strconv.AppendInt(b, n%10, 10)
}

// languages by number (class LanguageCode).
var languages = [...][]byte{
	[]byte("JAVA"), []byte("CPP"), []byte("DOTNET"), []byte("PYTHON"), []byte("DELPHI"), []byte("ERLANG"), []byte("RUBY"),
	[]byte("OTHER"), []byte("HTTP"), []byte("GO"), []byte("PHP"), []byte("OMS"), []byte("RUST"), []byte("NODE_JS"),
}

// language that the program is written in that sent a command.
func language(c *head) []byte {
	switch {
	case c.form == formJSON:
		return c.language
	case int(c.lang) < len(languages):
		return languages[c.lang]
	}
	return nil
}
