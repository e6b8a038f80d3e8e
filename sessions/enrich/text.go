package enrich

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean returns s as valid UTF-8 without control characters, without spaces at
// its ends and at most limit bytes long: PostgreSQL refuses U+0000, and a
// stranger's text must not grow our rows. Text that is already so is returned
// as it is, without a copy.
func clean(s string, limit int) string {
	s = cut(s, limit)
	if strings.IndexFunc(s, unwanted) >= 0 {
		s = strings.ToValidUTF8(s, "")
		s = strings.Map(func(r rune) rune {
			if unwanted(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// unwanted tells control characters and what stands for broken UTF-8.
func unwanted(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

// cut shortens s to at most limit bytes without splitting a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
