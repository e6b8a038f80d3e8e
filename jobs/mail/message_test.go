package mail

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

func envelope() Envelope {
	return Envelope{ID: "trg_1_1_recovery_step_due_1", From: Address{"Hearth & Home – Läden", "shop@shop.example"},
		ReplyTo: Address{"", "help@shop.example"}, To: "anna@mail.example", UnsubscribeURL: "https://shop.example/u/abc?x=1&y=2",
		Date: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
}

func plainMail() Rendered {
	return Rendered{Subject: "Your mug – €12 ✓", Text: "Hällo\n.\n" + strings.Repeat("long ", 300) + "\n", HTML: "<p>Hällo</p>\n"}
}

func TestMessage(t *testing.T) {
	m, err := Compose(envelope(), plainMail(), nil)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	words := new(mime.WordDecoder)
	for name, want := range map[string]string{
		"From": `"Hearth & Home – Läden" <shop@shop.example>`, "To": "<anna@mail.example>", "Reply-To": "<help@shop.example>",
		"Subject": "Your mug – €12 ✓", "Date": "Sat, 31 Jan 2026 12:00:00 +0000", "Message-Id": "<" + m.ID + ">", "Mime-Version": "1.0",
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://shop.example/u/abc?x=1&y=2>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		got := parsed.Header.Get(name)
		if decoded, err := words.DecodeHeader(got); err == nil {
			got = decoded
		}
		if strings.Trim(got, `"`) != strings.Trim(want, `"`) && strings.ReplaceAll(got, `"`, "") != strings.ReplaceAll(want, `"`, "") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(parsed.Header.Get("Content-Type"), "multipart/alternative") {
		t.Fatal(parsed.Header.Get("Content-Type"), err)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for _, want := range []struct{ kind, text string }{{"text/plain", plainMail().Text}, {"text/html", plainMail().HTML}} { // the best one last
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || strings.ReplaceAll(string(text), "\r\n", "\n") != want.text || !strings.HasPrefix(p.Header.Get("Content-Type"), want.kind) ||
			!strings.Contains(p.Header.Get("Content-Type"), "utf-8") {
			t.Errorf("%s: %q, %v", p.Header.Get("Content-Type"), text, err)
		}
	}
	for line := range bytes.SplitSeq(m.Data, []byte("\n")) {
		if len(line) > 0 && line[len(line)-1] != '\r' || len(line) > 200 || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("a line that not every server takes: %q", line)
		}
	}
}

func TestMessageIDsAreStable(t *testing.T) {
	e := envelope()
	again := envelope()
	again.To, again.Date = "ben@mail.example", again.Date.Add(time.Hour)
	other := envelope()
	other.ID = "trg_1_1_recovery_step_due_2"
	if e.MessageID() != again.MessageID() || e.MessageID() == other.MessageID() || !strings.HasSuffix(e.MessageID(), "@shop.example") ||
		strings.Contains(e.MessageID(), "trg") {
		t.Errorf("%s, %s, %s", e.MessageID(), again.MessageID(), other.MessageID())
	}
}

func TestOneClickNeedsHTTPS(t *testing.T) {
	e := envelope()
	e.UnsubscribeURL = "http://shop.example/u"
	m, err := Compose(e, plainMail(), nil)
	if err != nil || bytes.Contains(m.Data, []byte("List-Unsubscribe-Post")) || !bytes.Contains(m.Data, []byte("List-Unsubscribe: <http://shop.example/u>")) {
		t.Errorf("%v\n%s", err, m.Data)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	for name, change := range map[string]func(*Envelope, *Rendered){
		"subject":             func(_ *Envelope, r *Rendered) { r.Subject = "hello\r\nBcc: eve@mail.example" },
		"subject, bare LF":    func(_ *Envelope, r *Rendered) { r.Subject = "hello\nBcc: eve@mail.example" },
		"sender's name":       func(e *Envelope, _ *Rendered) { e.From.Name = "Shop\r\nBcc: eve@mail.example" },
		"sender's address":    func(e *Envelope, _ *Rendered) { e.From.Email = "shop@shop.example>\r\nBcc: <eve@mail.example" },
		"answers":             func(e *Envelope, _ *Rendered) { e.ReplyTo.Name = "x\nBcc: eve@mail.example" },
		"recipient":           func(e *Envelope, _ *Rendered) { e.To = "anna@mail.example\r\nDATA" },
		"two recipients":      func(e *Envelope, _ *Rendered) { e.To = "anna@mail.example,eve@mail.example" },
		"recipient with name": func(e *Envelope, _ *Rendered) { e.To = "Anna <anna@mail.example>" },
		"recipient's options": func(e *Envelope, _ *Rendered) { e.To = "anna@mail.example> NOTIFY=NEVER" },
		"no recipient":        func(e *Envelope, _ *Rendered) { e.To = "" },
		"unsubscribe":         func(e *Envelope, _ *Rendered) { e.UnsubscribeURL = "https://shop.example/u>\r\nBcc: <eve@mail.example" },
		"unsubscribe twice":   func(e *Envelope, _ *Rendered) { e.UnsubscribeURL = "https://shop.example/u>, <https://eve.example" },
		"unsubscribe by mail": func(e *Envelope, _ *Rendered) { e.UnsubscribeURL = "mailto:shop@shop.example" },
		"id":                  func(e *Envelope, _ *Rendered) { e.ID = "x\r\n" },
	} {
		e, r := envelope(), plainMail()
		change(&e, &r)
		if m, err := Compose(e, r, nil); err == nil {
			t.Errorf("%s: written\n%s", name, m.Data)
		} else if strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: the error tells the address: %v", name, err)
		}
	}
}

func FuzzMailbox(f *testing.F) {
	for _, text := range []string{"anna@mail.example", "a.b+c@bücher.example", "", "@", "a@", "a@b\r\nc", "<a@b>", "a@b,c@d", "\"a b\"@c.example", "a@[127.0.0.1]", "a@b..c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Mailbox(text)
		if err != nil {
			return
		}
		if strings.Count(got, "@") != 1 && !strings.Contains(text[:strings.LastIndexByte(text, '@')], "@") || strings.ContainsAny(got, "\r\n\t <>,;:\"\\()[]") || len(got) > 600 {
			t.Errorf("%q becomes %q", text, got)
		}
		for i := range len(got) {
			if got[i] <= ' ' || got[i] > '~' {
				t.Errorf("%q becomes %q", text, got)
			}
		}
		if again, err := Mailbox(got); err == nil && again != got {
			t.Errorf("%q becomes %q, and that %q", text, got, again)
		}
		e := envelope()
		e.To = got
		m, err := Compose(e, plainMail(), nil)
		if err != nil {
			return
		}
		if n := bytes.Count(m.Data[:bytes.Index(m.Data, []byte("\r\n\r\n"))], []byte("\r\nTo: ")); n != 1 {
			t.Errorf("%d recipients", n)
		}
	})
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]Address{
		"shop@shop.example":               {"", "shop@shop.example"},
		"The Shop <shop@bücher.example>":  {"The Shop", "shop@xn--bcher-kva.example"},
		`"Shop, The" <shop@shop.example>`: {"Shop, The", "shop@shop.example"},
		"shop@":                           {}, "": {}, "a@b, c@d": {}, "x\r\n <a@b.example>": {},
	} {
		got, err := ParseAddress(text)
		if got != want || (err == nil) != (want != Address{}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func keys(t *testing.T) map[string][]byte {
	t.Helper()
	wrap := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsa8, err8 := x509.MarshalPKCS8PrivateKey(rsaKey)
	ed8, errEd := x509.MarshalPKCS8PrivateKey(edKey)
	return map[string][]byte{"RSA in PKCS 1": wrap("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil),
		"RSA in PKCS 8": wrap("PRIVATE KEY", rsa8, err8), "Ed25519": wrap("PRIVATE KEY", ed8, errEd)}
}

// A mailbox that looks up the record which we tell finds that the shop signed, with the
// headers by which to unsubscribe, and that nobody has changed anything since.
func TestSignatures(t *testing.T) {
	for name, key := range keys(t) {
		t.Run(name, func(t *testing.T) {
			s, err := NewSigner("shop.example", "cart", key)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Compose(envelope(), plainMail(), s)
			if err != nil {
				t.Fatal(err)
			}
			lookup := func(domain string) ([]string, error) {
				name, text, err := s.Record()
				if name != domain {
					t.Errorf("looked up %s, the record is told for %s", domain, name)
				}
				return []string{text}, err
			}
			verify := func(data []byte) *dkim.Verification {
				t.Helper()
				list, err := dkim.VerifyWithOptions(bytes.NewReader(data), &dkim.VerifyOptions{LookupTXT: lookup})
				if err != nil || len(list) != 1 {
					t.Fatal(list, err)
				}
				return list[0]
			}
			v := verify(m.Data)
			keys := strings.ToLower(strings.Join(v.HeaderKeys, " "))
			if v.Err != nil || v.Domain != "shop.example" || !strings.Contains(keys, "list-unsubscribe-post") || !strings.Contains(keys, "subject") {
				t.Errorf("%+v", v)
			}
			for what, change := range map[string][2]string{"the body": {"H=C3=A4llo", "Hallo"}, "unsubscribe": {"u/abc", "u/eve"},
				"a second sender": {"Subject:", "From: eve@mail.example\r\nSubject:"}} {
				changed := bytes.Replace(m.Data, []byte(change[0]), []byte(change[1]), 1)
				if bytes.Equal(changed, m.Data) || verify(changed).Err == nil {
					t.Errorf("%s: changed, and nobody can tell", what)
				}
			}
		})
	}
}

func TestSignersAreChecked(t *testing.T) {
	weak, err := x509.ParsePKCS1PrivateKey(nil)
	if weak != nil || err == nil {
		t.Fatal("an empty key")
	}
	for name, key := range map[string]string{"empty": "", "no PEM": "hello", "garbage": "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n"} {
		if _, err := NewSigner("shop.example", "cart", []byte(key)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := NewSigner("", "cart", keys(t)["Ed25519"]); err == nil {
		t.Error("without a domain: taken")
	}
}
