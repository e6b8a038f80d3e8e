package database

import (
	"regexp"
	"strings"
	"sync"
)

// redactions are the places where drivers' messages repeat values of rows.
type redactions struct {
	encoded *regexp.Regexp // pgx, of a value that does not fit its column
	quoted  *regexp.Regexp // PostgreSQL, of a value that is refused
	detail  *regexp.Regexp // PostgreSQL, of the row that a constraint refuses
}

var drivers = sync.OnceValue(func() redactions {
	return redactions{
		encoded: regexp.MustCompile(`(failed to encode args\[\d+\]:).*`),
		quoted:  regexp.MustCompile(`"(?:[^"\\]|\\.)*"`),
		detail:  regexp.MustCompile(`\b(Failing row contains|Key) \(.*`),
	}
})

// Redact takes the values of rows out of the text of an error of a database, for logs: what was
// refused stays in the rejected items, which only the operator reads.
func Redact(text string) string {
	d := drivers()
	text = d.encoded.ReplaceAllString(text, "$1 …")
	text = d.detail.ReplaceAllString(text, "$1 …")
	if strings.Contains(text, "(SQLSTATE 22") { // data exceptions quote the value; other classes quote names
		text = d.quoted.ReplaceAllString(text, `"…"`)
	}
	return text
}
