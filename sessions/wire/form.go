package wire

import (
	"bytes"
	"fmt"
	"strings"

	"cartwright/sessions"
)

// FieldError is one mistake in a form.
type FieldError struct {
	Pointer string `json:"pointer"` // RFC 6901; "" is the whole body
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// String says where the mistake is and what it is.
func (e FieldError) String() string {
	if e.Pointer == "" {
		return e.Detail
	}
	return e.Pointer + ": " + e.Detail
}

// The codes of mistakes that only forms have, beside those of items.
const (
	CodeInvalidType  = "invalid_type"  // null, or of another JSON type than the field's
	CodeUnknownField = "unknown_field" // the form has no such field
	CodeRequired     = "required"      // the field may not be left out
	CodeInvalidEmail = "invalid_email" // no address
	CodeInvalidURL   = "invalid_url"   // neither http, https nor a path of the shop
	CodeUnknownWord  = "unknown_word"  // none of the words that the field takes
)

// maxErrors bounds how many mistakes one answer tells.
const maxErrors = 100

// Form reads one body strictly and collects its mistakes.
type Form struct{ Errors []FieldError }

// Fail notes a mistake.
func (f *Form) Fail(at, code, format string, values ...any) {
	if len(f.Errors) < maxErrors {
		f.Errors = append(f.Errors, FieldError{at, code, fmt.Sprintf(format, values...)})
	}
}

// Body reads the whole body, an object, and reports whether it could be read at
// all. The field function says false for a key that the form does not have.
func (f *Form) Body(body []byte, field func(key string, value []byte, at string) bool) bool {
	if !storable(body) {
		f.Fail("", CodeInvalidText, "the body is not valid UTF-8 or holds U+0000")
		return false
	}
	if !members(body, func(_, _ []byte) {}) {
		f.Fail("", CodeInvalidJSON, "%s", noObject("the body", body))
		return false
	}
	f.Object(bytes.TrimSpace(body), "", field)
	return true
}

// Object reads a nested object. The field function says false for a key that there is not.
func (f *Form) Object(value []byte, at string, field func(key string, value []byte, at string) bool) {
	if !isObject(value) {
		f.Mistyped(at, "an object", value)
		return
	}
	members(value, func(key, value []byte) {
		below := at + "/" + pointerToken(string(key))
		if !field(string(key), value, below) {
			f.Fail(below, CodeUnknownField, "there is no field %q here", key)
		}
	})
}

// Array reads a nested array, of which only the first entries up to a limit are accepted.
func (f *Form) Array(value []byte, at string, limit int, element func(value []byte, at string)) {
	if !isArray(value) {
		f.Mistyped(at, "an array", value)
		return
	}
	n := 0
	elements(value, func(value []byte) {
		if n < limit {
			element(value, fmt.Sprintf("%s/%d", at, n))
		}
		n++
	})
	if n > limit {
		f.Fail(at, CodeTooLarge, "%d entries; at most %d are accepted", n, limit)
	}
}

// pointerToken writes a key as a token of a JSON pointer.
func pointerToken(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// require notes a field that an object lacks.
func (f *Form) require(object []byte, at, key string, has bool) {
	if isObject(object) && !has {
		f.Fail(at+"/"+key, CodeRequired, "may not be left out")
	}
}

// Mistyped notes a value of another type than wanted.
func (f *Form) Mistyped(at, want string, value []byte) {
	f.Fail(at, CodeInvalidType, "must be %s, not %.40s", want, value)
}

// Text reads a string.
func (f *Form) Text(value []byte, at string) string {
	if !isText(value) {
		f.Mistyped(at, "a string", value)
		return ""
	}
	return unquote(value)
}

// id reads an id that may be left out: a string that is not empty, or a number for its
// digits.
func (f *Form) id(value []byte, at string) string {
	return f.named(value, at, "must not be empty; leave it out instead")
}

// ownID reads the id of what is told, which may not be left out.
func (f *Form) ownID(value []byte, at string) string { return f.named(value, at, "must not be empty") }

// named reads an id, and says something of an empty one.
func (f *Form) named(value []byte, at, empty string) string {
	if !isText(value) && !IsNumber(value) {
		f.Mistyped(at, "a string", value)
		return ""
	}
	id := textOf(value)
	if id == "" {
		f.Fail(at, CodeRequired, "%s", empty)
	}
	if r := tooLong("it", id); r != nil {
		f.Fail(at, r.code, "%s", r.reason)
	}
	return id
}

// email reads an address.
func (f *Form) email(value []byte, at string) sessions.Email {
	text := f.Text(value, at)
	email := emailOf(text)
	if email == "" && isText(value) {
		f.Fail(at, CodeInvalidEmail, "%.80q is no email address", text)
	}
	return email
}

// url reads a link into the shop. Links stand in mails and pages: those that run
// something, such as javascript:, are refused.
func (f *Form) url(value []byte, at string) string {
	text := f.Text(value, at)
	lower := strings.ToLower(text)
	path := strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//")
	if !path && !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") && isText(value) {
		f.Fail(at, CodeInvalidURL, "%.80q begins with neither https://, http:// nor /", text)
	}
	return text
}

// Flag reads true or false.
func (f *Form) Flag(value []byte, at string) bool {
	if string(value) != "true" && string(value) != "false" {
		f.Mistyped(at, "true or false", value)
	}
	return string(value) == "true"
}

// currency reads a currency code.
func (f *Form) currency(value []byte, at string) string {
	text := strings.ToUpper(f.Text(value, at))
	if _, ok := Exponent(text); !ok && isText(value) {
		f.Fail(at, CodeInvalidCurrency, "%.40q is no currency of ISO 4217", text)
	}
	return text
}

// quantity reads a number of units.
func (f *Form) quantity(value []byte, at string) int64 {
	if !IsNumber(value) {
		f.Mistyped(at, "an integer", value)
		return 0
	}
	v, ok := quantityOf(value)
	if !ok {
		f.Fail(at, CodeInvalidQuantity, "%.40s is not an integer from 0 to %d", value, maxQuantity)
	}
	return v
}

// amount reads money in minor units.
func (f *Form) amount(value []byte, at string) *int64 {
	if !IsNumber(value) {
		f.Mistyped(at, "an integer of minor units", value)
		return nil
	}
	d, _ := parseDecimal(value)
	v, ok := d.whole()
	if !ok || v < 0 || v > maxAmount {
		f.Fail(at, CodeInvalidAmount, "%.40s is not an integer of minor units from 0 to %d", value, maxAmount)
		return nil
	}
	return &v
}

// instant reads a time, not later than now.
func (f *Form) instant(value []byte, at string, now sessions.Millis) sessions.Millis {
	m, ok := instantOf(value)
	if !ok || m == 0 {
		f.Fail(at, CodeInvalidTime, "%.40s is %s", value, instantForm)
	}
	return min(m, now)
}

// attributes reads an object of the shop's own fields, kept as sent.
func (f *Form) attributes(value []byte, at string) []byte {
	if !isObject(value) {
		f.Mistyped(at, "an object", value)
	}
	return bytes.Clone(value)
}
