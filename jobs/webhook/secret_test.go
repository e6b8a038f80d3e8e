package webhook

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"
)

func written(bytes int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", bytes)))
}

func TestParseSecret(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string // a part of the error, empty for none
	}{
		"shortest":       {written(24), ""},
		"longest":        {written(64), ""},
		"too short":      {written(23), "this one 23"},
		"too long":       {written(65), "this one 65"},
		"empty":          {"", `begins with "whsec_"`},
		"no prefix":      {written(32)[6:], `begins with "whsec_"`},
		"no padding":     {strings.TrimRight(written(25), "="), "padded base64"},
		"line break":     {written(24) + "\n", "padded base64"},
		"loose end bits": {written(25)[:len(written(25))-3] + "x==", "padded base64"},
		"URL alphabet":   {"whsec_" + strings.Repeat("_-_-", 8), "padded base64"},
	} {
		secret, err := ParseSecret(c.text)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "" && secret.Reveal() != c.text:
			t.Errorf("%s: read %q, wrote %q", name, c.text, secret.Reveal())
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got error %v, want %q", name, err, c.want)
		}
	}
}

func TestNewSecretIsRandomAndReadable(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if a == b {
		t.Fatal("two new secrets are the same")
	}
	if again, err := ParseSecret(a.Reveal()); err != nil || again != a {
		t.Fatalf("a new secret reads back as %v, %v", again, err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	s, err := ParseSecret(written(24))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
	holder := struct{ Secrets []Secret }{[]Secret{s}}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", holder, holder, holder, s), log.String()} {
		if strings.Contains(text, "kkk") || strings.Contains(text, s.Reveal()[6:]) {
			t.Errorf("the key shows in %q", text)
		}
	}
}

// The receiver's half is the official library: whatever we sign, it verifies,
// by any one of the secrets, and nothing that was changed on the way.
func TestOfficialLibraryVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := []Secret{
			{rapid.StringN(24, 40, 64).Filter(fits).Draw(t, "first")},
			{rapid.StringN(24, 40, 64).Filter(fits).Draw(t, "second")},
		}
		id := rapid.StringMatching(`[a-z0-9_]{1,40}`).Draw(t, "id")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		at := time.Now()
		header := headers(Message{ID: id, Secrets: secrets, Body: body}, at)
		for i, s := range secrets {
			receiver, err := standardwebhooks.NewWebhook(s.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			if err := receiver.Verify(body, header); err != nil {
				t.Fatalf("secret %d: %v", i, err)
			}
			for what, forged := range forgeries(header, at) {
				if receiver.Verify(body, forged) == nil {
					t.Fatalf("verified although %s was changed", what)
				}
			}
			if receiver.Verify(append([]byte("x"), body...), header) == nil {
				t.Fatal("verified although the body was changed")
			}
		}
	})
}

func fits(key string) bool { return len(key) >= shortestKey && len(key) <= longestKey }

func forgeries(header http.Header, at time.Time) map[string]http.Header {
	id, moment := header.Clone(), header.Clone()
	id.Set("Webhook-Id", header.Get("Webhook-Id")+"x")
	moment.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix()-1, 10))
	return map[string]http.Header{"the id": id, "the time": moment}
}
