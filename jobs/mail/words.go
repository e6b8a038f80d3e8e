package mail

import (
	"strings"
	"unicode/utf8"
)

// width is how long a line of the text part may be.
const width = 72

// wrap breaks a text between words into lines of at most 72 characters, each after
// an indent. A word that is longer, such as an address, stays whole.
func wrap(indent int, text string) string {
	margin := strings.Repeat(" ", indent)
	var b strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case length == 0:
			b.WriteString(margin)
			length = indent
		case length+1+n > width:
			b.WriteString("\n" + margin)
			length = indent
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += n
	}
	return b.String()
}

// cut shortens a text to so many characters, at a word's end if one is near.
func cut(most int, text string) string {
	text = oneLine(text)
	runes := []rune(text)
	if len(runes) <= most || most < 2 {
		return text
	}
	short := string(runes[:most-1])
	if i := strings.LastIndexByte(short, ' '); i > len(short)*2/3 {
		short = short[:i]
	}
	return strings.TrimRight(short, " ,;:-–") + "…"
}

// splitAddress returns the lines of a postal address.
func splitAddress(address string) []string {
	var lines []string
	for _, line := range strings.FieldsFunc(address, func(r rune) bool { return r == '\n' || r == '|' }) {
		if line = oneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
