package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	texttemplate "text/template"
	"unicode"
)

//go:embed templates/*.tmpl
var embedded embed.FS

// The files of templates. A shop replaces any of them by one of the same name.
const (
	SubjectFile = "subject.tmpl"
	TextFile    = "text.tmpl"
	HTMLFile    = "html.tmpl"
)

// largest is how many bytes one part of a mail may have. Mailboxes cut off far
// shorter ones; this only keeps a template from eating the memory.
const largest = 1 << 20

// Templates make mails of contents.
type Templates struct {
	subject, text *texttemplate.Template
	html          *template.Template
}

// Rendered is a mail as it is read.
type Rendered struct {
	Subject string // one line
	Text    string
	HTML    string
}

// LoadTemplates reads the templates: those in a folder, if one is named, and the
// program's own for the files that are not there. Each is tried on contents of
// every kind and step, so that the error names the file and line of what would fail
// with a shopper's mail. A file in the folder that is no template of a mail is an
// error, too: most likely its name is mistyped.
func LoadTemplates(folder string, p Purse) (*Templates, error) {
	if err := checkFolder(folder); err != nil {
		return nil, err
	}
	var t Templates
	var wrong []error
	for _, file := range []string{SubjectFile, TextFile, HTMLFile} {
		name, source, err := readTemplate(folder, file)
		if err == nil {
			err = t.parse(file, name, source)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return &t, t.try(p)
}

func checkFolder(folder string) error {
	if folder == "" {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("read the folder of templates: %w", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case SubjectFile, TextFile, HTMLFile:
		default:
			if strings.HasSuffix(e.Name(), ".tmpl") {
				return fmt.Errorf("%s: there is no such template; there are %s, %s and %s", filepath.Join(folder, e.Name()), SubjectFile, TextFile, HTMLFile)
			}
		}
	}
	return nil
}

// readTemplate returns a template's source, and under which name mistakes are told.
func readTemplate(folder, file string) (name string, source []byte, err error) {
	if folder != "" {
		name = filepath.Join(folder, file)
		source, err = os.ReadFile(name)
		if !errors.Is(err, os.ErrNotExist) {
			return name, source, err
		}
	}
	name = "templates/" + file
	source, err = embedded.ReadFile(name)
	return name, source, err
}

// parse takes in one template.
func (t *Templates) parse(file, name string, source []byte) (err error) {
	switch file {
	case HTMLFile:
		t.html, err = template.New(name).Option("missingkey=error").Funcs(template.FuncMap(functions())).Parse(string(source))
	case TextFile:
		t.text, err = texttemplate.New(name).Option("missingkey=error").Funcs(functions()).Parse(string(source))
	default:
		t.subject, err = texttemplate.New(name).Option("missingkey=error").Funcs(functions()).Parse(string(source))
	}
	return err
}

// functions are all that templates can call besides Go's own: none of them reads
// or does anything.
func functions() texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"wrap":  wrap,
		"cut":   cut,
		"lines": splitAddress,
		"add":   func(a, b int) int { return a + b },
		"even":  func(n int) bool { return n%2 == 0 },
	}
}

// Render makes a mail of a content.
func (t *Templates) Render(c Content) (Rendered, error) {
	subject, err := execute(t.subject, c)
	if err != nil {
		return Rendered{}, err
	}
	text, err := execute(t.text, c)
	if err != nil {
		return Rendered{}, err
	}
	html, err := execute(t.html, c)
	if err != nil {
		return Rendered{}, err
	}
	r := Rendered{Subject: oneLine(subject), Text: strings.TrimSpace(text) + "\n", HTML: strings.TrimSpace(html) + "\n"}
	if r.Subject == "" {
		return Rendered{}, fmt.Errorf("%s: the subject is empty", t.subject.Name())
	}
	return r, nil
}

// execute runs a template of either kind.
func execute(t interface {
	Execute(w io.Writer, data any) error
}, c Content) (string, error) {
	var b bounded
	if err := t.Execute(&b, c); err != nil {
		return "", fmt.Errorf("write a mail: %w", err)
	}
	return b.String(), nil
}

// bounded takes in so much and no more.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > largest {
		return 0, fmt.Errorf("the mail is longer than %d bytes", largest)
	}
	return b.Buffer.Write(p)
}

// oneLine makes one line of a text, without control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
