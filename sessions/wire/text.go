package wire

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"cartwright/sessions"
)

// The longest texts accepted, in bytes.
const (
	maxID    = 255
	maxEmail = 254 // RFC 5321: a path of 256 less its brackets
)

// isText reports whether value is a JSON string.
func isText(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// IsNumber reports whether a JSON value is a number.
func IsNumber(value []byte) bool {
	return len(value) > 0 && (value[0] == '-' || isDigit(value[0]))
}

// isObject reports whether value is a JSON object.
func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// isArray reports whether value is a JSON array.
func isArray(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// textOf returns the text of a string, or the digits of a number exactly as
// they were sent: 9007199254740993 has no float. Anything else is no text: "".
func textOf(value []byte) string {
	switch {
	case isText(value):
		return unquote(value)
	case IsNumber(value):
		return string(value)
	}
	return ""
}

// hasText reports whether textOf(value) is not empty, without making the text.
func hasText(value []byte) bool { return IsNumber(value) || isText(value) && len(value) > len(`""`) }

// firstText returns the text of the first value that has one.
func firstText(values ...[]byte) string {
	for _, v := range values {
		if t := textOf(v); t != "" {
			return t
		}
	}
	return ""
}

// EmailOf returns an address as events carry it, or "" for a text that cannot be one.
func EmailOf(text string) sessions.Email { return emailOf(text) }

// emailOf returns an address trimmed and in lower case, or "" for a text that
// cannot be one. It does not promise that mail can be delivered.
func emailOf(text string) sessions.Email {
	text = strings.ToLower(strings.TrimSpace(text))
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at == len(text)-1 || len(text) > maxEmail || strings.ContainsAny(text, " \t\r\n<>,;") {
		return ""
	}
	return sessions.Email(text)
}

// storable reports whether both databases can keep every text in src: valid
// UTF-8 without U+0000, plain or escaped.
func storable(src []byte) bool {
	return utf8.Valid(src) && bytes.IndexByte(src, 0) < 0 && !escapesNull(src)
}

// escapesNull reports whether a string in the JSON text src holds U+0000
// written as an escape. A backslash that is itself escaped begins none.
func escapesNull(src []byte) bool {
	const null = `\u0000`
	for {
		i := bytes.Index(src, []byte(null))
		if i < 0 {
			return false
		}
		before := i
		for before > 0 && src[before-1] == '\\' {
			before--
		}
		if (i-before)%2 == 0 {
			return true
		}
		src = src[i+len(null):]
	}
}
