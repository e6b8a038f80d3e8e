package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTextOf(t *testing.T) {
	for in, want := range map[string]string{
		`"a"`: "a", `"\u00e9\t\"\\"`: "é\t\"\\", `"\ud83d\ude00"`: "😀", `"\ud800"`: "\uFFFD", `""`: "",
		`12`: "12", `-1.50e3`: "-1.50e3", `9007199254740993`: "9007199254740993", `00`: "00",
		`true`: "", `null`: "", `{}`: "", `[]`: "", ``: "",
	} {
		if got := textOf([]byte(in)); got != want || hasText([]byte(in)) != (want != "") {
			t.Errorf("textOf(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestEmailOf(t *testing.T) {
	for in, want := range map[string]string{
		"a@b.org": "a@b.org", " A@B.Org\n": "a@b.org", `"x@y"@z`: `"x@y"@z`, "ä@ö.de": "ä@ö.de",
		"": "", "a": "", "@b": "", "a@": "", "a b@c": "", "a@b,c@d": "", "A <a@b>": "",
		strings.Repeat("a", maxEmail-2) + "@b": strings.Repeat("a", maxEmail-2) + "@b",
		strings.Repeat("a", maxEmail-1) + "@b": "",
	} {
		if got := string(emailOf(in)); got != want {
			t.Errorf("emailOf(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEscapesNull(t *testing.T) {
	for in, want := range map[string]bool{
		`"\u0000"`: true, `"\\u0000"`: false, `"\\\u0000"`: true, `"\\\\u0000"`: false, `"u0000"`: false,
		`"\\u0000\u0000"`: true, `"\u00000"`: true, `"\u0001"`: false, ``: false,
	} {
		if got := escapesNull([]byte(in)); got != want {
			t.Errorf("escapesNull(%s) = %v, want %v", in, got, want)
		}
	}
}

// FuzzStorable holds the search for U+0000 in raw text against a look at what
// the text means.
func FuzzStorable(f *testing.F) {
	for _, s := range []string{`"\u0000"`, `"\\u0000"`, `{"a\u0000":[1]}`, `["\\\\\u0000"]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var v any
		if json.Unmarshal(src, &v) != nil || !storable(src) && !escapesNull(src) {
			return
		}
		meant, err := json.Marshal(v)
		if err != nil {
			return
		}
		// A key that is given twice is only once among what is meant.
		if holds := strings.Contains(strings.ReplaceAll(string(meant), `\\`, ""), `\u0000`); holds && storable(src) {
			t.Errorf("%q holds U+0000 and passed", src)
		}
	})
}
