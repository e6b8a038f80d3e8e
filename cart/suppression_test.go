package cart_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
)

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

// Who unsubscribes by a link tells a hash alone. Whose it is follows from the last mail to
// it, and the message names the address as long as its visitor is known by it.
func TestAnUnsubscribeNamesWhoWasMailed(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("phone"), customer("ann"), email("ann@example.com"), consent(sessions.MailGranted, 0)))
		s.happens(0, put("B", "cup", 1, customer("bob"), email("bob@example.com"), consent(sessions.MailGranted, 0)))
		if n := s.mail(60, rule()); n != 2 {
			t.Fatalf("%d mails", n)
		}
		p := s.preferences()
		if err := p.Unsubscribe(context.Background(), p.UnsubscribeToken("ann@example.com"), millis(61)); err != nil {
			t.Fatal(err)
		}
		last := func() string {
			all := s.messages()
			return string(all[len(all)-1])
		}
		const names = `"visitor":{"id":2,"anonymous_id":"phone","email":"ann@example.com","anonymous_ids":["phone"],"user_id":"ann","emails":["ann@example.com"]}`
		if got := last(); !strings.Contains(got, names) || !strings.Contains(got, `"reason":"unsubscribe"`) {
			t.Errorf("told %s", got)
		}
		// Ann is forgotten, but for what must outlive it.
		write(t, s.db, func(tx *gorm.DB) error { return tx.Exec("DELETE FROM identities WHERE visitor_id = 2").Error })
		if got := last(); strings.Contains(got, "ann@") || !strings.Contains(got, `"reason":"unsubscribe"`) {
			t.Errorf("after an erasure, told %s", got)
		}
		s.wantAddressees(62, rule(), "suppressed", "address_limit")
	})
}
