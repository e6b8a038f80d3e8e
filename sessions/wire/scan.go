package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// maxDepth bounds how deep arrays and objects may nest, so that hostile input
// cannot exhaust the stack.
const maxDepth = 100

// members calls f for each member of the JSON object that src is, in order, with
// the key unquoted and the value as it stands, and reports whether src is one
// valid object and nothing else. The slices are views into src.
//
// encoding/json would check every byte three times on the way to typed fields
// and allocates a key and a value each time. This scanner accepts what json.Valid
// accepts, up to [maxDepth], at about 1 ns a byte without allocating: decoding
// is the dearest step before the append.
func members(src []byte, f func(key, value []byte)) bool {
	s := scan{src: src}
	if !s.next('{') {
		return false
	}
	if s.next('}') {
		return s.ended()
	}
	for {
		key, ok := s.key()
		if !ok {
			return false
		}
		value, ok := s.value()
		if !ok {
			return false
		}
		f(key, value)
		if s.next(',') {
			continue
		}
		return s.next('}') && s.ended()
	}
}

// noObject says why members did not take src, which is called what.
func noObject(what string, src []byte) string {
	s := scan{src: src, depth: -1} // the object itself counts for nothing
	if s.value(); s.depth > maxDepth {
		return fmt.Sprintf("%s has arrays and objects within one another deeper than %d", what, maxDepth)
	}
	return what + " is not one valid JSON object"
}

// elements calls f for each element of the JSON array that src is and reports
// whether src is one valid array and nothing else.
func elements(src []byte, f func(value []byte)) bool {
	s := scan{src: src}
	if !s.next('[') {
		return false
	}
	if s.next(']') {
		return s.ended()
	}
	for {
		value, ok := s.value()
		if !ok {
			return false
		}
		f(value)
		if s.next(',') {
			continue
		}
		return s.next(']') && s.ended()
	}
}

// scan walks JSON text from left to right.
type scan struct {
	src   []byte
	at    int
	depth int
}

// space skips white space.
func (s *scan) space() {
	for s.at < len(s.src) {
		switch s.src[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// next skips white space and c, if c is what follows.
func (s *scan) next(c byte) bool {
	s.space()
	if s.at >= len(s.src) || s.src[s.at] != c {
		return false
	}
	s.at++
	return true
}

// ended reports whether only white space is left.
func (s *scan) ended() bool {
	s.space()
	return s.at == len(s.src)
}

// key reads a member's name and the colon after it.
func (s *scan) key() ([]byte, bool) {
	s.space()
	from := s.at
	if !s.text() {
		return nil, false
	}
	key := s.src[from+1 : s.at-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		key = []byte(unquote(s.src[from:s.at]))
	}
	return key, s.next(':')
}

// value reads any value and returns it as it stands.
func (s *scan) value() ([]byte, bool) {
	s.space()
	from := s.at
	if s.at >= len(s.src) {
		return nil, false
	}
	var ok bool
	switch c := s.src[s.at]; {
	case c == '"':
		ok = s.text()
	case c == '{':
		ok = s.nested('}')
	case c == '[':
		ok = s.nested(']')
	case c == '-' || isDigit(c):
		ok = s.number()
	case c == 't':
		ok = s.word("true")
	case c == 'f':
		ok = s.word("false")
	case c == 'n':
		ok = s.word("null")
	}
	return s.src[from:s.at], ok
}

// nested reads an object or array whose opening bracket is next.
func (s *scan) nested(closing byte) bool {
	if s.depth++; s.depth > maxDepth {
		return false
	}
	s.at++
	if s.next(closing) {
		s.depth--
		return true
	}
	for {
		if closing == '}' {
			if _, ok := s.key(); !ok {
				return false
			}
		}
		if _, ok := s.value(); !ok {
			return false
		}
		if s.next(',') {
			continue
		}
		s.depth--
		return s.next(closing)
	}
}

// text reads a string with its quotes.
func (s *scan) text() bool {
	if s.at >= len(s.src) || s.src[s.at] != '"' {
		return false
	}
	for i := s.at + 1; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			n := escapeLength(s.src[i:])
			if n == 0 {
				return false
			}
			i += n - 1
		}
	}
	return false
}

// escapeLength returns the length of the escape that b begins with, 0 when it is
// none.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]) {
			return 6
		}
	}
	return 0
}

// number reads a number.
func (s *scan) number() bool {
	if s.src[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.src) && s.src[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.at < len(s.src) && s.src[s.at] == '.' {
		s.at++
		if !s.digits() {
			return false
		}
	}
	if s.at < len(s.src) && s.src[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.src) && (s.src[s.at] == '+' || s.src[s.at] == '-') {
			s.at++
		}
		return s.digits()
	}
	return true
}

// digits reads one digit or more.
func (s *scan) digits() bool {
	from := s.at
	for s.at < len(s.src) && isDigit(s.src[s.at]) {
		s.at++
	}
	return s.at > from
}

// word reads true, false or null.
func (s *scan) word(w string) bool {
	if len(s.src)-s.at < len(w) || string(s.src[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// unquote returns the text of a valid JSON string, with what is no Unicode
// replaced by U+FFFD.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	// The scanner has checked the string: it cannot fail to be read.
	_ = json.Unmarshal(quoted, &text)
	return text
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
