package cart_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
)

// consent makes an event say something of its address, as of some minutes after start.
func consent(state sessions.MailState, minutes int) part {
	return func(e *sessions.Event) {
		e.Mail = &sessions.MailConsent{State: state, Source: "newsletter form", TextVersion: "2026-01", At: millis(minutes)}
		if state == sessions.MailGranted {
			e.Mail.Basis = sessions.ByConsent
		}
	}
}

// identify is that somebody is told to be somebody.
func identify(source sessions.Source, parts ...part) *sessions.Event {
	return event(sessions.Identify, source, parts...)
}

// rule is the rules that a shop has unless it says otherwise, with changes.
func rule(changes ...func(*cart.MailRules)) cart.MailRules {
	r := cart.DefaultMailRules()
	for _, change := range changes {
		change(&r)
	}
	return r
}

func believing(r *cart.MailRules) { r.BrowserAddresses = true }

func withoutConsent(r *cart.MailRules) { r.RequireConsent = false }

// addressees returns where mails about all open carts go some minutes after start.
func (s *shop) addressees(minutes int, r cart.MailRules) (carts []cart.Cart, found map[cart.ID]cart.Addressee) {
	s.t.Helper()
	all, err := s.store.Carts(context.Background(), 0, 100_000)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Status == cart.Open {
			carts = append(carts, all[i])
		}
	}
	write(s.t, s.db, func(tx *gorm.DB) error {
		found, err = cart.LoadAddressees(tx, carts, millis(minutes), r)
		return err
	})
	return carts, found
}

// wantAddressees compares them, cart by cart: an address, or why there is none.
func (s *shop) wantAddressees(minutes int, r cart.MailRules, want ...string) {
	s.t.Helper()
	carts, found := s.addressees(minutes, r)
	var got []string
	for _, c := range carts {
		a := found[c.ID]
		if a.Refusal != "" {
			got = append(got, string(a.Refusal))
		} else {
			got = append(got, string(a.Email))
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("addressees %q, want %q", got, want)
	}
}

func (s *shop) preferences() *cart.Preferences {
	s.t.Helper()
	p, err := cart.OpenPreferences(context.Background(), s.db, s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// What holds of what was said: the newest by its own time of what counts.
func TestStandingConsent(t *testing.T) {
	const granted, denied = sessions.MailGranted, sessions.MailDenied
	type said struct {
		source sessions.Source
		state  sessions.MailState
		at     int
	}
	for name, c := range map[string]struct {
		said            []said
		plain, believed string
	}{
		"nobody said anything":              {nil, "", ""},
		"the backend's grant":               {[]said{{sessions.Backend, granted, 1}}, "granted", "granted"},
		"an import's grant":                 {[]said{{sessions.Imported, granted, 1}}, "granted", "granted"},
		"a browser's grant":                 {[]said{{sessions.Browser, granted, 1}}, "", "granted"},
		"a browser's denial":                {[]said{{sessions.Backend, granted, 1}, {sessions.Browser, denied, 2}}, "denied", "denied"},
		"an older denial, told late":        {[]said{{sessions.Backend, granted, 3}, {sessions.Browser, denied, 2}}, "granted", "granted"},
		"withdrawn and granted again":       {[]said{{sessions.Backend, denied, 1}, {sessions.Backend, granted, 2}}, "granted", "granted"},
		"a denial outlives browsers' grant": {[]said{{sessions.Browser, denied, 1}, {sessions.Browser, granted, 2}}, "denied", "granted"},
		"the same time, later told":         {[]said{{sessions.Backend, granted, 1}, {sessions.Backend, denied, 1}}, "denied", "denied"},
		"the future is now":                 {[]said{{sessions.Backend, granted, 900}, {sessions.Browser, denied, 10}}, "denied", "denied"},
		"history told after the present":    {[]said{{sessions.Backend, denied, 5}, {sessions.Imported, granted, 2}}, "denied", "denied"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				for i, told := range c.said {
					e := identify(told.source, by("a"), email("ann@example.com"), consent(told.state, told.at))
					if told.source == sessions.Imported {
						s.imports(told.at, e)
					} else {
						s.happens(i+9, e)
					}
				}
				for believe, want := range map[bool]string{false: c.plain, true: c.believed} {
					got, err := s.preferences().Said(context.Background(), "ann@example.com", believe)
					if err != nil {
						t.Fatal(err)
					}
					if want == "" {
						want = "unknown"
					}
					if string(got.State) != want || (got.Standing == nil) != (want == "unknown") {
						t.Errorf("believing browsers %t: %+v, want %s", believe, got, want)
					}
				}
			})
		})
	}
}

// Changes of consent are told; what changes nothing, what a stranger could have said and
// what is history are not.
func TestConsentChangesAreTold(t *testing.T) {
	const granted, denied = sessions.MailGranted, sessions.MailDenied
	story(t, func(s *shop) {
		ann := func(source sessions.Source, state sessions.MailState, at int) {
			s.happens(at, identify(source, by("a"), customer("ann"), email("ann@example.com"), consent(state, at)))
		}
		s.imports(0, identify("", customer("old"), email("old@example.com"), consent(granted, 0)))
		ann(sessions.Browser, granted, 1) // a stranger may have said so
		ann(sessions.Backend, granted, 2) // told
		ann(sessions.Backend, granted, 3) // nothing new
		ann(sessions.Browser, denied, 4)  // told
		ann(sessions.Backend, denied, 5)  // nothing new
		ann(sessions.Backend, granted, 6) // told
		s.happens(7, identify(sessions.Browser, by("x"), email("eve@example.com"), consent(denied, 7)))
		s.now = at(8)
		token := s.preferences().UnsubscribeToken("ann@example.com")
		for range 2 {
			if err := s.preferences().Unsubscribe(context.Background(), token, millis(8)); err != nil {
				t.Fatal(err)
			}
		}
		complain := []cart.Held{{Email: "ann@example.com", Reason: cart.Complained, At: millis(9)}, {Email: "bob@example.com", Reason: cart.Bounced, At: millis(9)}}
		if _, err := s.preferences().Suppress(context.Background(), complain, millis(9)); err != nil {
			t.Fatal(err)
		}
		s.expect("SELECT id, kind, cart, flow, created_at - "+fmt.Sprint(millis(0))+" AS at FROM triggers ORDER BY seq", `
			id            kind            cart flow    at
			trg_consent_4 consent.changed 0    consent 120000
			trg_consent_6 consent.changed 0    consent 240000
			trg_consent_8 consent.changed 0    consent 360000
			trg_consent_10 consent.changed 0    consent 480000
			trg_consent_11 consent.changed 0   consent 540000`)
		visitor := `{"id":3,"anonymous_id":"a","email":"ann@example.com","anonymous_ids":["a"],"user_id":"ann","emails":["ann@example.com"]}`
		want := map[int]string{
			0: `{"type":"consent.changed","timestamp":"2026-03-01T10:02:00Z","data":{"cart":null,"visitor":` + visitor + `,"trigger_id":"trg_consent_4","order":null,"consent":{"channel":"email","state":"granted","basis":"consent","source":"newsletter form","text_version":"2026-01","told_by":"backend","occurred_at":"2026-03-01T10:02:00Z"}}}`,
			1: `{"type":"consent.changed","timestamp":"2026-03-01T10:04:00Z","data":{"cart":null,"visitor":` + visitor + `,"trigger_id":"trg_consent_6","order":null,"consent":{"channel":"email","state":"denied","source":"newsletter form","text_version":"2026-01","told_by":"browser","occurred_at":"2026-03-01T10:04:00Z"}}}`,
			// Nothing was mailed yet: the link tells a hash, which is nobody's.
			3: `{"type":"consent.changed","timestamp":"2026-03-01T10:08:00Z","data":{"cart":null,"visitor":{"id":0,"anonymous_ids":[],"emails":[]},"trigger_id":"trg_consent_10","order":null,"consent":{"channel":"email","state":"denied","reason":"unsubscribe","occurred_at":"2026-03-01T10:08:00Z"}}}`,
			4: `{"type":"consent.changed","timestamp":"2026-03-01T10:09:00Z","data":{"cart":null,"visitor":` + visitor + `,"trigger_id":"trg_consent_11","order":null,"consent":{"channel":"email","state":"denied","reason":"complaint","occurred_at":"2026-03-01T10:09:00Z"}}}`,
		}
		got := s.messages()
		for i, body := range want {
			if string(got[i]) != body {
				t.Errorf("message %d\n%s\nwant\n%s", i, got[i], body)
			}
		}
		s.wantRecheck(s.told()[0], 10, "")
	})
}

// The log never holds an address that was suppressed, nor does any row that outlives it.
func TestSuppressionsKeepNoAddress(t *testing.T) {
	story(t, func(s *shop) {
		p := s.preferences()
		gone := []cart.Held{{Email: "gone@example.com", Reason: cart.Bounced, At: millis(1), Detail: "550 5.1.1 <Gone@Example.com>: no such user; see gone@example.com"}}
		if _, err := p.Suppress(context.Background(), gone, millis(1)); err != nil {
			t.Fatal(err)
		}
		if err := p.Unsubscribe(context.Background(), p.UnsubscribeToken("gone@example.com"), millis(2)); err != nil {
			t.Fatal(err)
		}
		var found int64
		write(t, s.db, func(tx *gorm.DB) error {
			for _, query := range []string{
				"SELECT COUNT(*) FROM events WHERE CAST(body AS TEXT) LIKE '%example%'", "SELECT COUNT(*) FROM suppressions WHERE detail LIKE '%example%'",
			} {
				if s.db.Dialect() == "postgres" {
					query = strings.Replace(query, "CAST(body AS TEXT)", "convert_from(body, 'UTF8')", 1)
				}
				var n int64
				if err := tx.Raw(query).Scan(&n).Error; err != nil {
					return err
				}
				found += n
			}
			return nil
		})
		if found != 0 {
			t.Errorf("%d rows hold the address", found)
		}
		s.expect("SELECT reason, detail, seq FROM suppressions ORDER BY reason", `
			reason detail seq
			bounce 550 5.1.1 … no such user; see … 2
			unsubscribe "" 3`)
		all, err := p.Suppressions(context.Background(), 0, 10)
		if err != nil || len(all) != 2 {
			t.Fatalf("%v, %v", all, err)
		}
		shown, err := json.Marshal(all[0])
		if err != nil {
			t.Fatal(err)
		}
		if hash := p.Hash("gone@example.com"); strings.Contains(string(shown), hash) || !strings.Contains(string(shown), hash[:8]+"…") {
			t.Errorf("shown as %s", shown)
		}
	})
}

// Three soft bounces within thirty days are like a hard one; the same one told again,
// and others further apart, are not.
func TestSoftBounces(t *testing.T) {
	const days = 24 * 60
	for name, c := range map[string]struct {
		at   []int
		want bool
	}{
		"two":                      {[]int{0, days}, false},
		"three":                    {[]int{0, days, 2 * days}, true},
		"three in 30 days exactly": {[]int{0, days, 30 * days}, true},
		"three in longer":          {[]int{0, days, 30*days + 1}, false},
		"one told three times":     {[]int{0, 0, 0}, false},
		"out of order":             {[]int{2 * days, 0, days}, true},
		"the last three of many":   {[]int{0, 29 * days, 40 * days, 45 * days, 50 * days}, true},
		"seldom":                   {[]int{0, 20 * days, 40 * days, 60 * days, 80 * days}, false},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				p, ctx := s.preferences(), context.Background()
				for _, minutes := range c.at {
					soft := []cart.Held{{Email: "ann@example.com", Reason: cart.SoftBounced, At: millis(minutes)}}
					if _, err := p.Suppress(ctx, soft, millis(100*days)); err != nil {
						t.Fatal(err)
					}
				}
				held, err := p.SuppressionsOf(ctx, "ann@example.com")
				if err != nil {
					t.Fatal(err)
				}
				if (len(held) == 1) != c.want || c.want && held[0].Reason != cart.Bounced {
					t.Errorf("held back by %+v", held)
				}
			})
		})
	}
}

// What the shop found out it may take back; what its owner asked for, only after they
// consented anew, by the backend's word.
func TestRelease(t *testing.T) {
	ann := func(source sessions.Source, basis sessions.MailBasis, at int) *sessions.Event {
		e := identify(source, by("a"), email("ann@example.com"), consent(sessions.MailGranted, at))
		e.Mail.Basis = basis
		return e
	}
	for name, c := range map[string]struct {
		reason cart.SuppressionReason
		then   *sessions.Event
		want   error
	}{
		"a bounce":                        {cart.Bounced, page("bob"), nil},
		"by hand":                         {cart.ByShop, page("bob"), nil},
		"nothing to release":              {"", page("bob"), sessions.ErrNotFound},
		"an unsubscribe":                  {cart.Unsubscribed, page("bob"), cart.ErrNotReleasable},
		"a complaint":                     {cart.Complained, page("bob"), cart.ErrNotReleasable},
		"with consent from before":        {cart.Unsubscribed, ann(sessions.Backend, sessions.ByConsent, 9), cart.ErrNotReleasable},
		"with consent of the same moment": {cart.Unsubscribed, ann(sessions.Backend, sessions.ByConsent, 10), cart.ErrNotReleasable},
		"with consent anew":               {cart.Unsubscribed, ann(sessions.Backend, sessions.ByConsent, 11), nil},
		"a complaint with consent anew":   {cart.Complained, ann(sessions.Backend, sessions.ByConsent, 11), nil},
		"with another basis":              {cart.Unsubscribed, ann(sessions.Backend, sessions.BySoftOptIn, 11), cart.ErrNotReleasable},
		"with a browser's word":           {cart.Unsubscribed, ann(sessions.Browser, sessions.ByConsent, 11), cart.ErrNotReleasable},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				p, ctx := s.preferences(), context.Background()
				if c.reason != "" {
					if _, err := p.Suppress(ctx, []cart.Held{{Email: "ann@example.com", Reason: c.reason, At: millis(10)}}, millis(10)); err != nil {
						t.Fatal(err)
					}
				}
				s.happens(12, c.then)
				_, err := p.Release(ctx, "ann@example.com", millis(13))
				if !errors.Is(err, c.want) {
					t.Fatalf("released: %v, want %v", err, c.want)
				}
				held, err := p.SuppressionsOf(ctx, "ann@example.com")
				if err != nil || (len(held) > 0) != (c.want == cart.ErrNotReleasable) {
					t.Errorf("held back by %+v, %v", held, err)
				}
			})
		})
	}
}

// A token is of one address and one database, and nothing that somebody could make up.
func TestUnsubscribeTokens(t *testing.T) {
	story(t, func(s *shop) {
		p := s.preferences()
		token := p.UnsubscribeToken("ann@example.com")
		if token != s.preferences().UnsubscribeToken("ann@example.com") || token == p.UnsubscribeToken("bob@example.com") {
			t.Error("tokens are not one an address")
		}
		if len(token) != 64 || strings.Contains(token, "=") || strings.HasPrefix(token, "ann") {
			t.Errorf("token %q", token)
		}
		flipped := []byte(token)
		flipped[60] ^= 1
		for _, wrong := range []string{"", "x", p.Hash("ann@example.com"), token[:63], token + "A", token + "=", string(flipped), strings.ToLower(token), strings.Repeat("A", 64), " " + token} {
			if err := p.CheckToken(wrong); !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("%q: %v", wrong, err)
			}
			if err := p.Unsubscribe(context.Background(), wrong, millis(1)); !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("unsubscribe by %q: %v", wrong, err)
			}
		}
		if err := p.CheckToken(token); err != nil {
			t.Error(err)
		}
		s.expect("SELECT COUNT(*) AS n FROM events", "n\n1")
	})
}

// In the moment in which it is answered, nobody decides or tries to mail the address.
func TestAnUnsubscribeCountsAtOnce(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, customer("ann"), email("ann@example.com"), consent(sessions.MailGranted, 0)))
		s.wantAddressees(60, rule(), "ann@example.com")
		p := s.preferences()
		if err := p.Unsubscribe(context.Background(), p.UnsubscribeToken("ann@example.com"), millis(61)); err != nil {
			t.Fatal(err)
		}
		s.wantAddressees(61, rule(), "suppressed")
		s.wantAddressees(61, rule(believing, withoutConsent), "suppressed")
		s.happens(70, identify(sessions.Backend, customer("ann"), email("ann@example.com"), consent(sessions.MailGranted, 70)))
		s.wantAddressees(71, rule(), "suppressed")
		if _, err := p.Release(context.Background(), "ann@example.com", millis(72)); err != nil {
			t.Fatal(err)
		}
		s.wantAddressees(73, rule(), "ann@example.com")
	})
}

func TestMailRulesAreChecked(t *testing.T) {
	if err := rule().Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*cart.MailRules){
		"no pause":         func(r *cart.MailRules) { r.AddressPause = 0 },
		"a pause too long": func(r *cart.MailRules) { r.AddressPause = 8 * 24 * time.Hour },
		"no mails":         func(r *cart.MailRules) { r.AddressWeek = 0 },
		"less than none":   func(r *cart.MailRules) { r.NetworkDay = -1 },
	} {
		if rule(change).Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
