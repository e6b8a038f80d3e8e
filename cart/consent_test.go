package cart_test

import (
	"context"
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
					got, err := s.preferences().Said(context.Background(), "ann@example.com", cart.MailRules{BrowserAddresses: believe, RequireConsent: true})
					if err != nil {
						t.Fatal(err)
					}
					if want == "" {
						want = "unknown"
					}
					if string(got.State) != want || (got.Standing == nil) != (want == "unknown") {
						t.Errorf("believing browsers %t: %+v, want %s", believe, got, want)
					}
					refusal := map[string]cart.Reason{"unknown": cart.NoConsent, "denied": cart.ConsentDenied}[want]
					if got.MayMail != (want == "granted") || got.Refusal != refusal {
						t.Errorf("believing browsers %t: may be mailed: %t, %q", believe, got.MayMail, got.Refusal)
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
