package record

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// checkFormat finds conversions that strftime(3) does not have.
func checkFormat(format string) error {
	for rest := format; ; {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			return nil
		}
		c, ok := takeConversion(after)
		if !ok {
			return fmt.Errorf("file name %q: %q is no conversion of strftime; a percent sign is %%%%", format, "%"+after[:min(len(after), c.size+1)])
		}
		rest = after[c.size:]
	}
}

// conversion is one %-sequence behind the percent sign: flag, width, letter.
type conversion struct {
	flag  byte // '-', '_', '0', '^', '#' or 0
	width int
	verb  byte
	size  int // bytes of the sequence
}

// conversions are the letters of strftime(3) in the C locale.
const conversions = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%"

// takeConversion reads a sequence; E and O choose among spellings that the C
// locale does not have.
func takeConversion(s string) (c conversion, ok bool) {
	i := 0
	for i < len(s) && strings.IndexByte("-_0^#", s[i]) >= 0 {
		c.flag = s[i]
		i++
	}
	for i < len(s) && s[i] >= '0' && s[i] <= '9' && c.width < 100 {
		c.width = c.width*10 + int(s[i]-'0')
		i++
	}
	known := conversions
	if i < len(s) && s[i] == 'E' {
		i, known = i+1, "cCxXyY"
	} else if i < len(s) && s[i] == 'O' {
		i, known = i+1, "deHIklmMSuUVwWy"
	}
	c.size = i
	if i == len(s) || c.width > 100 || strings.IndexByte(known, s[i]) < 0 {
		return c, false
	}
	c.verb, c.size = s[i], i+1
	return c, true
}

// strftime is strftime(3) in the C locale, with the flags and widths of GNU.
// What is no conversion stays as it is.
func strftime(format string, t time.Time) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(format, "%")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		c, ok := takeConversion(after)
		if !ok {
			out.WriteByte('%')
			format = after
			continue
		}
		out.WriteString(c.format(t))
		format = after[c.size:]
	}
}

// format gives one conversion.
func (c conversion) format(t time.Time) string {
	if n, width, fill, ok := c.number(t); ok {
		return c.pad(strconv.FormatInt(n, 10), width, fill)
	}
	s := c.text(t)
	switch {
	case c.flag == '^':
		s = strings.ToUpper(s)
	case c.flag == '#' && (c.verb == 'Z' || c.verb == 'p'):
		s = strings.ToLower(s)
	case c.flag == '#':
		s = strings.ToUpper(s)
	}
	fill := " "
	switch c.flag {
	case '-':
		return s
	case '0':
		fill = "0"
	}
	return strings.Repeat(fill, max(0, c.width-len(s))) + s
}

// pad fills a number up to its width.
func (c conversion) pad(s string, width int, fill byte) string {
	switch c.flag {
	case '-':
		return s
	case '_':
		fill = ' '
	case '0':
		fill = '0'
	}
	width = max(width, c.width)
	return strings.Repeat(string(fill), max(0, width-len(s))) + s
}

// number gives the conversions that are numbers, with width and filling.
func (c conversion) number(t time.Time) (n int64, width int, fill byte, ok bool) {
	isoYear, isoWeek := t.ISOWeek()
	weekday := int(t.Weekday())
	hour12 := (t.Hour()+11)%12 + 1
	v, width, fill := 0, 2, byte('0')
	switch c.verb {
	case 'C':
		v = t.Year() / 100
	case 'd':
		v = t.Day()
	case 'e':
		v, fill = t.Day(), ' '
	case 'g':
		v = isoYear % 100
	case 'G':
		v, width = isoYear, 4
	case 'H':
		v = t.Hour()
	case 'I':
		v = hour12
	case 'j':
		v, width = t.YearDay(), 3
	case 'k':
		v, fill = t.Hour(), ' '
	case 'l':
		v, fill = hour12, ' '
	case 'm':
		v = int(t.Month())
	case 'M':
		v = t.Minute()
	case 's':
		return t.Unix(), 1, '0', true
	case 'S':
		v = t.Second()
	case 'u':
		v, width = (weekday+6)%7+1, 1
	case 'U':
		v = (t.YearDay() + 6 - weekday) / 7
	case 'V':
		v = isoWeek
	case 'w':
		v, width = weekday, 1
	case 'W':
		v = (t.YearDay() + 6 - (weekday+6)%7) / 7
	case 'y':
		v = t.Year() % 100
	case 'Y':
		v, width = t.Year(), 4
	default:
		return 0, 0, 0, false
	}
	return int64(v), width, fill, true
}

// text gives the conversions that are words or made of others.
func (c conversion) text(t time.Time) string {
	switch c.verb {
	case 'a':
		return t.Format("Mon")
	case 'A':
		return t.Format("Monday")
	case 'b', 'h':
		return t.Format("Jan")
	case 'B':
		return t.Format("January")
	case 'c':
		return strftime("%a %b %e %H:%M:%S %Y", t)
	case 'D', 'x':
		return t.Format("01/02/06")
	case 'F':
		return strftime("%Y-%m-%d", t)
	case 'n':
		return "\n"
	case 'p':
		return t.Format("PM")
	case 'P':
		return t.Format("pm")
	case 'r':
		return t.Format("03:04:05 PM")
	case 'R':
		return t.Format("15:04")
	case 't':
		return "\t"
	case 'T', 'X':
		return t.Format("15:04:05")
	case 'z':
		return t.Format("-0700")
	case 'Z':
		name, _ := t.Zone()
		return name
	}
	return "%"
}
