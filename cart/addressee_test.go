package cart_test

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func from(network string) part { return func(e *sessions.Event) { e.Address = network } }

func withheld() part { return func(e *sessions.Event) { e.Consent = "denied" } }

// known is that the backend knows Ann, the victim of most forgeries: her address, her
// consent, and the phone that is hers.
func known() *sessions.Event {
	return identify(sessions.Backend, by("phone"), customer("ann"), email("ann@example.com"), consent(sessions.MailGranted, 0))
}

// mallory is a real customer with consent, who knows Ann's address and customer id.
func mallory() *sessions.Event {
	return identify(sessions.Backend, by("evil"), customer("mallory"), email("mallory@example.com"), consent(sessions.MailGranted, 0))
}

// Where mails go for whatever the shop knows, with the rules of a shop that sets nothing
// and with those of one that believes browsers.
func TestAddressees(t *testing.T) {
	const backend, browser = sessions.Backend, sessions.Browser
	started := func(source sessions.Source, parts ...part) *sessions.Event {
		return event(sessions.CheckoutStarted, source, parts...)
	}
	renamed := func() *sessions.Event {
		return event(sessions.Alias, backend, customer("ann"), previous("old"))
	}
	for name, c := range map[string]struct {
		events          []*sessions.Event
		plain, believed string
	}{
		"a cart from the backend":                   {[]*sessions.Event{known(), put("A", "cup", 1, customer("ann"), email("ann@example.com"))}, "ann@example.com", "ann@example.com"},
		"whose address was told apart":              {[]*sessions.Event{known(), put("A", "cup", 1, customer("ann"))}, "ann@example.com", "ann@example.com"},
		"whose address changed":                     {[]*sessions.Event{known(), put("A", "cup", 1, customer("ann")), identify(backend, customer("ann"), email("new@example.com"), consent(sessions.MailGranted, 1))}, "new@example.com", "new@example.com"},
		"whose address nobody knows":                {[]*sessions.Event{known(), put("A", "cup", 1, customer("bob"))}, "no_address", "no_address"},
		"a browser that the backend knows":          {[]*sessions.Event{known(), added("phone", "cup")}, "ann@example.com", "ann@example.com"},
		"that history knows":                        {[]*sessions.Event{identify(sessions.Imported, by("phone"), email("ann@example.com"), consent(sessions.MailGranted, 0)), added("phone", "cup")}, "ann@example.com", "ann@example.com"},
		"that the backend told of by an alias":      {[]*sessions.Event{known(), event(sessions.Alias, backend, customer("ann"), previous("laptop")), added("laptop", "cup")}, "ann@example.com", "ann@example.com"},
		"forged: named as an alias's customer":      {[]*sessions.Event{known(), identify(backend, customer("old")), added("old", "cup"), renamed(), renamed()}, "no_address", "no_address"},
		"that an order told of":                     {[]*sessions.Event{ordered("1", by("laptop"), email("ann@example.com"), consent(sessions.MailGranted, 0)), added("laptop", "cup")}, "ann@example.com", "ann@example.com"},
		"nobody's browser":                          {[]*sessions.Event{known(), added("x", "cup")}, "no_address", "no_address"},
		"a checkout of the backend's":               {[]*sessions.Event{known(), added("x", "cup"), started(backend, by("x"), email("ann@example.com"))}, "ann@example.com", "ann@example.com"},
		"a checkout of a browser's":                 {[]*sessions.Event{known(), added("x", "cup"), started(browser, by("x"), email("ann@example.com"))}, "address_unproven", "ann@example.com"},
		"no consent":                                {[]*sessions.Event{put("A", "cup", 1, email("bob@example.com"))}, "no_consent", "no_consent"},
		"consent by a browser":                      {[]*sessions.Event{put("A", "cup", 1, by("b"), email("bob@example.com")), identify(browser, by("b"), email("bob@example.com"), consent(sessions.MailGranted, 0))}, "no_consent", "bob@example.com"},
		"consent with the cart":                     {[]*sessions.Event{put("A", "cup", 1, email("bob@example.com"), consent(sessions.MailGranted, 0))}, "bob@example.com", "bob@example.com"},
		"denied":                                    {[]*sessions.Event{known(), put("A", "cup", 1, customer("ann")), identify(browser, by("phone"), email("ann@example.com"), consent(sessions.MailDenied, 1))}, "consent_denied", "consent_denied"},
		"do not track":                              {[]*sessions.Event{known(), added("phone", "cup", withheld())}, "consent_denied", "consent_denied"},
		"do not track, turned on later":             {[]*sessions.Event{known(), added("phone", "cup"), added("phone", "pot", withheld())}, "consent_denied", "consent_denied"},
		"do not track of another's":                 {[]*sessions.Event{known(), added("x", "cup", withheld()), added("phone", "cup")}, "no_address ann@example.com", "no_address ann@example.com"},
		"forged: the address":                       {[]*sessions.Event{known(), identify(browser, by("evil"), email("ann@example.com"), consent(sessions.MailGranted, 1)), added("evil", "cup")}, "address_unproven", "ann@example.com"},
		"forged: the customer":                      {[]*sessions.Event{known(), identify(browser, by("evil"), customer("ann")), added("evil", "cup")}, "address_unproven", "ann@example.com"},
		"forged: an alias":                          {[]*sessions.Event{known(), event(sessions.Alias, browser, by("evil"), customer("ann"), previous("evil")), added("evil", "cup")}, "address_unproven", "ann@example.com"},
		"forged: with the cart":                     {[]*sessions.Event{known(), added("evil", "cup", customer("ann"), email("ann@example.com"))}, "address_unproven", "ann@example.com"},
		"forged: a whole cart":                      {[]*sessions.Event{known(), event(sessions.CartUpdated, browser, by("evil"), customer("ann"), email("ann@example.com"), named("E"), of("cup", 1, 1))}, "address_unproven", "ann@example.com"},
		"forged: an order":                          {[]*sessions.Event{known(), event(sessions.OrderCompleted, browser, by("evil"), order("E"), email("ann@example.com"), total(1)), added("evil", "cup")}, "address_unproven", "ann@example.com"},
		"forged by a customer: of another":          {[]*sessions.Event{known(), mallory(), identify(browser, by("evil"), email("ann@example.com")), added("evil", "cup")}, "mallory@example.com", "mallory@example.com"},
		"forged by a customer: into Ann's cart":     {[]*sessions.Event{known(), identify(backend, by("evil"), email("mallory@example.com"), consent(sessions.MailGranted, 0)), added("phone", "cup"), identify(browser, by("evil"), email("ann@example.com")), added("evil", "pot")}, "address_unproven", "address_unproven"},
		"forged: into what the backend wrote":       {[]*sessions.Event{known(), put("A", "cup", 1, customer("ann")), identify(browser, by("evil"), email("ann@example.com")), added("evil", "pot", named("A"))}, "ann@example.com", "ann@example.com"},
		"forged: an address for Ann's cart":         {[]*sessions.Event{known(), mallory(), added("phone", "cup"), identify(browser, by("evil"), customer("ann")), started(browser, by("evil"), email("mallory@example.com"))}, "ann@example.com", "ann@example.com"},
		"forged: an address for a stranger's cart":  {[]*sessions.Event{mallory(), identify(browser, by("phone"), email("ann@example.com")), added("phone", "cup"), identify(browser, by("evil"), email("ann@example.com")), started(browser, by("evil"), email("mallory@example.com"))}, "address_unproven", "no_consent"},
		"forged: an address over the backend's":     {[]*sessions.Event{known(), added("phone", "cup"), started(backend, by("phone"), email("ann@example.com")), started(browser, by("phone"), email("eve@example.com"))}, "ann@example.com", "ann@example.com"},
		"two browsers, both hers":                   {[]*sessions.Event{known(), identify(backend, by("laptop"), customer("ann")), added("phone", "cup"), identify(browser, by("laptop"), customer("ann")), added("laptop", "pot")}, "ann@example.com", "ann@example.com"},
		"a family's tablet":                         {[]*sessions.Event{known(), identify(backend, by("phone"), customer("bob"), email("bob@example.com"), consent(sessions.MailGranted, 0)), added("phone", "cup")}, "bob@example.com", "bob@example.com"},
		"a family's tablet, without another's mail": {[]*sessions.Event{known(), identify(backend, by("phone"), customer("bob")), added("phone", "cup")}, "no_address", "no_address"},
		"the backend gives a cart to another":       {[]*sessions.Event{known(), put("A", "cup", 1, customer("ann"), email("ann@example.com")), put("A", "cup", 2, customer("bob"))}, "no_address", "no_address"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				for i, e := range c.events {
					one := *e // both databases are told the same
					if one.Source == sessions.Imported {
						s.imports(i, &one)
					} else {
						s.happens(i, &one)
					}
				}
				s.wantAddressees(60, rule(), strings.Fields(c.plain)...)
				s.wantAddressees(60, rule(believing), strings.Fields(c.believed)...)
			})
		})
	}
}

// Without the need of consent what nobody spoke of is mailed; what was denied is not.
func TestConsentNotRequired(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, email("ann@example.com")), put("B", "cup", 1, email("bob@example.com"), consent(sessions.MailDenied, 0)))
		s.wantAddressees(60, rule(withoutConsent), "ann@example.com", "consent_denied")
	})
}

// decideMail appends the decision to mail about a cart.
func (s *shop) decideMail(minutes int, c cart.Cart, a cart.Addressee, dry bool) {
	s.t.Helper()
	s.decide(func() (*sessions.Event, error) {
		return sessions.Own(sessions.DecisionMade, c.Visitor, millis(minutes), map[string]any{
			"cart": c.ID, "episode": c.Episode, "flow": "cart", "step": minutes, "dry": dry, "outcome": cart.Fire, "reason": cart.Idle,
			"decided_at": millis(minutes), "channels": []cart.Channel{cart.Email}, "address_hash": a.Hash, "network": a.Network,
		})
	})
}

// mail decides to mail about every open cart that may be mailed, and returns how many.
func (s *shop) mail(minutes int, r cart.MailRules) (n int) {
	s.t.Helper()
	carts, found := s.addressees(minutes, r)
	for _, c := range carts {
		if a := found[c.ID]; a.Refusal == "" {
			s.decideMail(minutes, c, a, false)
			n++
		}
	}
	return n
}

// One mail in the pause, five a week, counted by the address whatever the cart; the
// boundaries belong to the mail.
func TestAddressLimit(t *testing.T) {
	const hours, days = 60, 24 * 60
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, email("ann@example.com"), consent(sessions.MailGranted, 0)), put("B", "cup", 1, email("ann@example.com")), put("C", "cup", 1, email("bob@example.com"), consent(sessions.MailGranted, 0)))
		s.wantAddressees(60, rule(), "ann@example.com", "address_limit", "bob@example.com")
		s.wantAddressees(60, rule(), "ann@example.com", "address_limit", "bob@example.com") // asking takes nothing
		carts, found := s.addressees(60, rule())
		s.decideMail(60, carts[0], found[carts[0].ID], true)
		s.wantAddressees(60, rule(), "ann@example.com", "address_limit", "bob@example.com") // nor do dry decisions
		if n := s.mail(60, rule()); n != 2 {
			t.Errorf("%d mails", n)
		}
		s.wantAddressees(61, rule(), "address_limit", "address_limit", "address_limit")
		s.wantAddressees(60+16*hours-1, rule(), "address_limit", "address_limit", "address_limit")
		s.wantAddressees(60+16*hours, rule(), "ann@example.com", "address_limit", "bob@example.com")
		for day := 1; day <= 4; day++ {
			if n := s.mail(60+day*days, rule()); n != 2 {
				t.Errorf("day %d: %d mails", day, n)
			}
		}
		s.wantAddressees(60+5*days, rule(), "address_limit", "address_limit", "address_limit")
		s.wantAddressees(60+7*days-1, rule(), "address_limit", "address_limit", "address_limit")
		s.wantAddressees(60+7*days, rule(), "ann@example.com", "address_limit", "bob@example.com")
	})
}

// One network gets its share, browsers of which no address is known together one, and
// what the backend wrote no limit.
func TestNetworkLimit(t *testing.T) {
	story(t, func(s *shop) {
		var want []string
		few := rule(believing, withoutConsent, func(r *cart.MailRules) { r.NetworkDay = 2 })
		for i := range 4 {
			address := fmt.Sprintf("%d@a.example", i)
			s.happens(0, added(address, "cup", email(address), from("203.0.113.0")))
			s.happens(0, added("x"+address, "cup", email("x"+address)))
			s.happens(0, put(address, "cup", 1, email("b"+address)))
			if i < 2 {
				want = append(want, address, "x"+address, "b"+address)
			} else {
				want = append(want, "network_limit", "network_limit", "b"+address)
			}
		}
		s.wantAddressees(60, few, want...)
		if n := s.mail(60, few); n != 8 {
			t.Errorf("%d mails", n)
		}
		s.happens(61, added("y", "cup", email("y@a.example"), from("203.0.113.0")), added("z", "cup", email("z@a.example"), from("198.51.100.0")))
		full := []string{}
		for i := range 4 {
			full = append(full, "address_limit", "address_limit", "address_limit")
			if i >= 2 {
				copy(full[3*i:], []string{"network_limit", "network_limit"})
			}
		}
		s.wantAddressees(62, few, append(full, "network_limit", "z@a.example")...)
	})
}

// abandoned returns the first trigger that is about a cart.
func (s *shop) abandoned() cart.Trigger {
	s.t.Helper()
	for _, t := range s.told() {
		if t.Cart != 0 {
			return t
		}
	}
	s.t.Fatal("there is no trigger about a cart")
	return cart.Trigger{}
}

// An attempt asks again: whether the address is the same, and may be mailed still. Its
// own decision does not stand against it.
func TestAddresseeOfAnAttempt(t *testing.T) {
	for want, then := range map[string]*sessions.Event{
		"":                page("bob"),
		"consent_denied":  identify(sessions.Browser, by("b"), email("ann@example.com"), consent(sessions.MailDenied, 61)),
		"address_changed": event(sessions.CheckoutStarted, sessions.Backend, named("A"), email("bob@example.com"), consent(sessions.MailGranted, 0)),
	} {
		t.Run(want, func(t *testing.T) {
			story(t, func(s *shop) {
				s.happens(0, put("A", "cup", 1, email("ann@example.com"), consent(sessions.MailGranted, 0)))
				s.mail(60, rule())
				one := *then
				s.happens(61, &one)
				var a cart.Addressee
				write(t, s.db, func(tx *gorm.DB) (err error) {
					a, err = cart.AddresseeOf(tx, s.abandoned(), rule(), millis(0))
					return err
				})
				if string(a.Refusal) != want || want == "" && a.Email != "ann@example.com" {
					t.Errorf("%+v, want %q", a, want)
				}
			})
		})
	}
}

// Whatever is forged with the public key, a mailbox gets at most one mail of it: from
// one network, or from a network for each event; naming the victim in every way. Where
// browsers are not believed it gets none. The control takes the limits away.
func TestForgedEventsCannotBombAMailbox(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 events")
	}
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := openShop(t, db)
		s.enableRecovery()
		s.happens(0, known())
		forgeries := 100_000
		if db.Dialect() == database.Postgres {
			forgeries = 10_000 // the tests' server gathers no statistics, and plans badly for many rows
		}
		var batch []*sessions.Event
		for i := range forgeries / 5 {
			who, network := fmt.Sprint("evil", i), from("203.0.113.0")
			if i%2 == 0 {
				network = from(fmt.Sprintf("%d.%d.%d.0", 11+i/65536, i/256%256, i%256))
			}
			claim := identify(sessions.Browser, by(who), customer(who), email("ann@example.com"), consent(sessions.MailGranted, 1), network)
			if i < 100 {
				claim.Customer = []sessions.CustomerID{"ann", ""}[i%2] // which makes their carts hers
			}
			batch = append(batch, claim, added(who, "cup", named(who), email("ann@example.com"), network), added(who, "pot", named(who), network),
				event(sessions.CheckoutStarted, sessions.Browser, by(who), named(who), checkout(who), email("ann@example.com"), network),
				event(sessions.CartViewed, sessions.Browser, by(who), named(who), network))
			if len(batch) == 10_000 {
				s.happens(1, batch...)
				batch = nil
			}
		}
		carts, found := s.addressees(60, rule())
		if len(carts) != forgeries/5 {
			t.Fatalf("%d carts", len(carts))
		}
		for id, a := range found {
			if a.Refusal != cart.AddressUnproven {
				t.Fatalf("cart %d is mailed without a proof: %+v", id, a)
			}
		}
		mails := 0
		for minutes := 60; minutes < 60+15*60; minutes += 5 * 60 {
			mails += s.mail(minutes, rule(believing, withoutConsent))
		}
		if mails != 1 {
			t.Errorf("%d mails", mails)
		}
		control := rule(believing, withoutConsent, func(r *cart.MailRules) { r.AddressPause, r.AddressWeek, r.NetworkDay = 0, forgeries, 0 })
		allowed := 0
		_, found = s.addressees(60, control)
		for _, a := range found {
			if a.Refusal == "" {
				allowed++
			}
		}
		if allowed != forgeries/5 {
			t.Errorf("the control, without limits, mails about %d carts", allowed)
		}
	})
}
