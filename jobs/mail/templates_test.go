package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func places(code string) (int, bool) {
	n, known := map[string]int{"EUR": 2, "USD": 2, "CHF": 2, "JPY": 0, "KWD": 3, "RSD": 2, "ISK": 0, "ZZX": 2}[code]
	return n, known
}

func purse(t testing.TB, locale string) Purse {
	t.Helper()
	p, err := NewPurse(locale, places)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func templates(t testing.TB, files map[string]string) (*Templates, error) {
	t.Helper()
	folder := t.TempDir()
	for name, source := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return LoadTemplates(folder, purse(t, "en"))
}

func rendered(t testing.TB, c Content) Rendered {
	t.Helper()
	loaded, err := LoadTemplates("", purse(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := loaded.Render(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAMailSaysEverything(t *testing.T) {
	for _, kind := range Kinds() {
		c := Sample(kind, 2, purse(t, "de"), "EUR", Shop{})
		r := rendered(t, c)
		want := []string{"Stoneware mug", "Sea green, 350 ml", "18,50\u00a0€", "Brass reading lamp", "89,00\u00a0€", "WELCOMEBACK",
			"Walnut serving board", "Often bought together", "Fern in a clay pot", "https://shop.example/r/sample",
			"https://shop.example/unsubscribe/sample", "Hearth &amp; Home", "12 Mill Lane", `src="mug.svg"`, `lang="en"`}
		if kind != Browse {
			want = append(want, "37,00\u00a0€", "126,00\u00a0€")
		}
		for _, text := range want {
			if !strings.Contains(r.HTML, text) {
				t.Errorf("%s: the page lacks %q", kind, text)
			}
			plain := strings.ReplaceAll(text, "&amp;", "&")
			if !strings.Contains(r.Text, plain) && !strings.HasPrefix(text, `src=`) && !strings.HasPrefix(text, `lang=`) {
				t.Errorf("%s: the text lacks %q", kind, plain)
			}
		}
		for line := range strings.SplitSeq(r.Text, "\n") {
			if utf8.RuneCountInString(line) > width && !strings.Contains(line, "://") {
				t.Errorf("%s: a line of %d characters: %s", kind, utf8.RuneCountInString(line), line)
			}
		}
	}
}

func TestSubjects(t *testing.T) {
	full := func(kind Kind, step int) Content { return Sample(kind, step, purse(t, "en"), "EUR", Shop{}) }
	without := full(Cart, 2)
	without.Coupon = ""
	hostile := bare(Cart, 1)
	hostile.Lines[0].Name = "Mug\r\nBcc: eve@mail.example\x00\u2028 " + strings.Repeat("x ", 100)
	for want, c := range map[string]Content{
		"You left your Stoneware mug behind":                                  full(Cart, 1),
		"Your order at Hearth & Home is almost complete":                      full(Checkout, 1),
		"Still thinking about the Stoneware mug?":                             full(Browse, 1),
		"A code for what you left at Hearth & Home":                           full(Cart, 2),
		"Your Stoneware mug is still waiting":                                 without,
		"You left something in your cart":                                     bare(Cart, 1),
		"Your cart is still waiting":                                          bare(Checkout, 3),
		"Still looking around at Shop?":                                       bare(Browse, 2),
		"You left your Mug Bcc: eve@mail.example x x x x x x x x x x… behind": hostile,
	} {
		if got := rendered(t, c).Subject; got != want {
			t.Errorf("subject %q, want %q", got, want)
		}
	}
}

// Names are data: none of them becomes markup, an address of a script, or a line of its own.
func TestNamesAreNoMarkup(t *testing.T) {
	c := Sample(Cart, 1, purse(t, "en"), "EUR", Shop{})
	c.Lines[0].Name = `<script>alert(1)</script>"><img src=x onerror=alert(1)> {{.Shop.Name}}`
	c.Lines[0].URL, c.Lines[0].Image = "javascript:alert(1)", `x" onerror="alert(1)`
	c.Recommended[0].URL = "javascript:alert(2)"
	c.Shop.Name = "</title><script>alert(3)</script>"
	html := rendered(t, c).HTML
	for _, text := range []string{"<script>", "javascript:", `onerror="`, "<img src=x"} {
		if strings.Contains(html, text) {
			t.Errorf("the page has %q in it", text)
		}
	}
	if !strings.Contains(html, "{{.Shop.Name}}") {
		t.Error("a name was run as a template")
	}
}

func TestAShopReplacesTemplates(t *testing.T) {
	loaded, err := templates(t, map[string]string{SubjectFile: "{{.Shop.Name}}: {{.Units}} things for {{.Total}}\n"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := loaded.Render(Sample(Cart, 1, purse(t, "en"), "EUR", Shop{}))
	if err != nil || r.Subject != "Hearth & Home: 3 things for €126.00" || !strings.Contains(r.HTML, "Return to your cart") {
		t.Errorf("%q, %v", r.Subject, err)
	}
}

// What would fail with a shopper's mail fails at the start, with file and line.
func TestMistakesInTemplatesAreFoundAtTheStart(t *testing.T) {
	const unsubscribe = "{{.UnsubscribeURL}}"
	for name, test := range map[string]struct{ file, source, want string }{
		"a wrong variable":                {TextFile, "line\n{{.Shopp.Name}}" + unsubscribe, "text.tmpl:2:"},
		"a wrong variable in a loop":      {HTMLFile, "{{range .Recommended}}\n\n{{.Titel}}{{end}}" + unsubscribe, "html.tmpl:3:"},
		"a wrong variable of one kind":    {SubjectFile, `{{if eq .Kind "browse"}}{{.X}}{{end}}s`, "subject.tmpl:1:"},
		"a wrong variable of step 3":      {SubjectFile, `{{if eq .Step 3}}{{.X}}{{end}}s`, "subject.tmpl:1:"},
		"a wrong variable without prices": {SubjectFile, `{{if not .Total.Known}}{{.X}}{{end}}s`, "subject.tmpl:1:"},
		"an unknown function":             {TextFile, "\n{{env \"HOME\"}}", "text.tmpl:2:"},
		"a broken one":                    {HTMLFile, "{{if .Shop}}", "html.tmpl:1:"},
		"broken markup":                   {HTMLFile, unsubscribe + "<a href='{{if .Shop.Name}}'{{end}}>", "html.tmpl"},
		"a text where a script stands":    {HTMLFile, unsubscribe + "<p style=\"{{.RestoreURL}}\">", "html.tmpl"},
		"an empty subject":                {SubjectFile, "{{if .Coupon}}s{{end}}", "the subject is empty"},
		"no way out":                      {TextFile, "Buy!", "UnsubscribeURL"},
		"a mistyped file":                 {"hmtl.tmpl", "", "hmtl.tmpl: there is no such template"},
		"one without end":                 {SubjectFile, `{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}`, "subject.tmpl"},
		"one that is too long":            {TextFile, unsubscribe + `{{$s := printf "%1000000s" "x"}}{{range .Lines}}{{$s}}{{$s}}{{end}}`, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := templates(t, map[string]string{test.file: test.source}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if _, err := LoadTemplates(filepath.Join(t.TempDir(), "none"), purse(t, "en")); err == nil {
		t.Error("a folder that is not there is taken")
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"  one   two ":                  "  one two",
		strings.Repeat("word ", 30):     "  " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n  " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n  word word",
		strings.Repeat("x", 100) + " y": "  " + strings.Repeat("x", 100) + "\n  y",
	} {
		if got := wrap(2, text); got != want {
			t.Errorf("%q becomes\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestSamplePicturesAreThere(t *testing.T) {
	files, err := SamplePictures()
	if err != nil {
		t.Fatal(err)
	}
	c := Sample(Cart, 1, purse(t, "en"), "EUR", Shop{})
	names := []string{c.Lines[0].Image, c.Lines[1].Image}
	for _, p := range c.Recommended {
		names = append(names, p.Image)
	}
	for _, name := range names {
		if len(files[name]) == 0 {
			t.Errorf("there is no picture %s", name)
		}
	}
}
