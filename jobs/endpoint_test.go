package jobs

import (
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestConfigureEndpoints(t *testing.T) {
	const a, b = "https://a.example/", "https://b.example/"
	first, second := webhook.NewSecret(), webhook.NewSecret()
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		at := int64(0)
		configure := func(wanted ...Endpoint) []Endpoint {
			t.Helper()
			at++
			made, err := Configure(t.Context(), db, time.UnixMilli(at), webhook.Options{}, wanted)
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		secrets := func(url string) string {
			return strings.TrimSpace(strings.TrimPrefix(testdb.Rows(t, db, "SELECT secrets FROM endpoints WHERE url = '"+url+"'"), "secrets"))
		}
		rows := func(step, want string) {
			t.Helper()
			got := testdb.Rows(t, db, "SELECT id, url, created_at AS created, disabled_at AS disabled, disabled_reason AS reason FROM endpoints ORDER BY id")
			if got = strings.Join(strings.Fields(got)[5:], " "); got != want {
				t.Errorf("%s: %s, want %s", step, got, want)
			}
		}

		made := configure(Endpoint{URL: a}, Endpoint{b, []webhook.Secret{first}})
		if len(made) != 1 || made[0].URL != a || made[0].Secrets[0].Reveal() != secrets(a) {
			t.Errorf("made %v", made)
		}
		rows("new", `1 https://a.example/ 1 0 "" 2 https://b.example/ 1 0 ""`)

		kept := secrets(a)
		if made := configure(Endpoint{URL: a}, Endpoint{b, []webhook.Secret{first, second}}); len(made) != 0 {
			t.Errorf("made %v", made)
		}
		if secrets(a) != kept || secrets(b) != first.Reveal()+" "+second.Reveal() {
			t.Errorf("secrets %s and %s", secrets(a), secrets(b))
		}
		rows("rotated", `1 https://a.example/ 1 0 "" 2 https://b.example/ 1 0 ""`)

		configure(Endpoint{URL: b})
		rows("a removed", `1 https://a.example/ 1 3 not configured 2 https://b.example/ 1 0 ""`)
		configure(Endpoint{URL: a}, Endpoint{URL: b})
		rows("a back", `1 https://a.example/ 1 0 "" 2 https://b.example/ 1 0 ""`)
		if secrets(a) != kept {
			t.Error("a came back with other secrets")
		}
	})
}

func TestGoneEndpointComesBackOnPurposeOnly(t *testing.T) {
	const a = "https://a.example/hook"
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 410} }
		var seq sessions.Seq
		disabled := func() string {
			return strings.Fields(testdb.Rows(t, db, "SELECT disabled_reason FROM endpoints"))[1]
		}
		configure := func(wanted ...Endpoint) string {
			t.Helper()
			if _, err := Configure(t.Context(), db, time.UnixMilli(5), webhook.Options{}, wanted); err != nil {
				t.Fatal(err)
			}
			return disabled()
		}
		for name, back := range map[string]func() string{
			"new secret":    func() string { return configure(Endpoint{a, []webhook.Secret{webhook.NewSecret()}}) },
			"away and back": func() string { configure(); return configure(Endpoint{URL: a}) },
		} {
			seq++
			p.told.add(seq, name)
			p.run()
			p.Close(t.Context())
			p.open()
			if got := disabled(); got != gone {
				t.Fatalf("%s: after 410 %s", name, got)
			}
			if got := configure(Endpoint{URL: a}); got != gone {
				t.Errorf("%s: a restart enabled it: %s", name, got)
			}
			if got := back(); got != `""` {
				t.Errorf("%s: still %s", name, got)
			}
		}
	})
}

func TestConfigureNamesAllMistakes(t *testing.T) {
	db := testdb.SQLite(t)
	_, err := Configure(t.Context(), db, time.UnixMilli(1), webhook.Options{}, []Endpoint{
		{URL: "https://a.example/"}, {URL: "http://b.example/"}, {URL: "https://10.0.0.1/"}, {URL: "https://a.example/"},
	})
	if err == nil {
		t.Fatal("nothing was found wrong")
	}
	for _, want := range []string{"http://b.example/: unencrypted", "10.0.0.1", "https://a.example/: configured twice"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if got := testdb.Rows(t, db, "SELECT id FROM endpoints"); got != "id\n" {
		t.Errorf("stored\n%s", got)
	}
}
