package cart_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Whatever is said of addresses, in whatever batches, both databases hold the same rows,
// and what holds of each address is what follows from sorting all that was said.
func TestRegisterAgreesWithAllThatWasSaid(t *testing.T) {
	lite, post := testdb.SQLite(t), testdb.Postgres(t)
	rapid.Check(t, func(r *rapid.T) {
		events := drawSayings(r)
		cuts := rapid.SliceOfN(rapid.Bool(), len(events), len(events)).Draw(r, "cuts")
		atOnce := applied(t, lite, events, make([]bool, len(events)))
		for _, believe := range []bool{false, true} {
			if got, want := sayings(t, lite, believe), naiveSayings(events, believe); got != want {
				r.Fatalf("believing browsers %t, the store says\n%s\nthe oracle\n%s", believe, got, want)
			}
		}
		if cut := applied(t, lite, events, cuts); cut != atOnce {
			r.Fatalf("in batches\n%s\nat once\n%s", cut, atOnce)
		}
		if other := applied(t, post, events, cuts); other != atOnce {
			r.Fatalf("on PostgreSQL\n%s\non SQLite\n%s", other, atOnce)
		}
	})
}

var sayingAddresses = []sessions.Email{"a@example.com", "b@example.com"}

// drawSayings draws a log in which a few people and their browsers are spoken of.
func drawSayings(r *rapid.T) []*sessions.Event {
	n := rapid.IntRange(1, 40).Draw(r, "n")
	events := make([]*sessions.Event, n)
	for i := range events {
		e := &sessions.Event{
			Seq: sessions.Seq(i + 10), Visitor: 1,
			Kind:     rapid.SampledFrom([]sessions.Kind{sessions.Identify, sessions.Identify, sessions.CartUpdated, sessions.ProductAdded, sessions.OrderCompleted, sessions.Alias, sessions.AddressSuppressed, sessions.AddressReleased}).Draw(r, "kind"),
			Source:   rapid.SampledFrom([]sessions.Source{sessions.Browser, sessions.Browser, sessions.Backend, sessions.Imported}).Draw(r, "source"),
			Received: sessions.Millis(rapid.IntRange(1, 50).Draw(r, "received")), Occurred: sessions.Millis(rapid.IntRange(1, 50).Draw(r, "occurred")),
		}
		if e.Kind.Own() {
			e.Source = sessions.Ours
			e.Data = fmt.Appendf(nil, `{"address_hash":"h%d","reason":%q,"at":%d}`, rapid.IntRange(1, 2).Draw(r, "hash"),
				rapid.SampledFrom([]cart.SuppressionReason{cart.SoftBounced, cart.SoftBounced, cart.Bounced, cart.Unsubscribed}).Draw(r, "reason"), e.Occurred)
			events[i] = e
			continue
		}
		e.Bot = rapid.IntRange(0, 9).Draw(r, "bot") == 0
		e.Anonymous = sessions.AnonymousID(rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "anonymous"))
		e.Customer = sessions.CustomerID(rapid.SampledFrom([]string{"", "1", "2"}).Draw(r, "customer"))
		e.Email = rapid.SampledFrom(append(sayingAddresses, "")).Draw(r, "email")
		e.Previous = rapid.SampledFrom([]string{"", "x"}).Draw(r, "previous")
		e.Cart, e.Order = sessions.CartID(rapid.SampledFrom([]string{"A", "B"}).Draw(r, "cart")), "1"
		if rapid.Bool().Draw(r, "says") {
			e.Mail = &sessions.MailConsent{
				State: rapid.SampledFrom([]sessions.MailState{sessions.MailGranted, sessions.MailDenied}).Draw(r, "state"),
				At:    sessions.Millis(rapid.IntRange(0, 60).Draw(r, "at")),
			}
		}
		of("cup", 1, 100)(e)
		events[i] = e
	}
	return events
}

// sayings is what holds of each address as the store says it, in words.
func sayings(t *testing.T, db *database.DB, believe bool) string {
	t.Helper()
	var words []string
	p, err := cart.OpenPreferences(context.Background(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, email := range sayingAddresses {
		said, err := p.Said(context.Background(), email, cart.MailRules{BrowserAddresses: believe})
		if err != nil {
			t.Fatal(err)
		}
		word := string(said.State)
		if said.Standing != nil {
			word += fmt.Sprint(" ", said.Standing.Seq)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// naiveSayings is the same by sorting all that was said.
func naiveSayings(events []*sessions.Event, believe bool) string {
	var words []string
	for _, email := range sayingAddresses {
		var counting []*sessions.Event
		for _, e := range events {
			believed := believe || e.Source != sessions.Browser
			if e.Email == email && e.Mail != nil && !e.Bot && (believed || e.Mail.State == sessions.MailDenied) {
				counting = append(counting, e)
			}
		}
		slices.SortFunc(counting, func(a, b *sessions.Event) int {
			return cmp.Or(cmp.Compare(saidAt(a), saidAt(b)), cmp.Compare(a.Seq, b.Seq))
		})
		word := "unknown"
		if n := len(counting); n > 0 {
			word = fmt.Sprint(counting[n-1].Mail.State, " ", counting[n-1].Seq)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func saidAt(e *sessions.Event) sessions.Millis {
	if e.Mail.At == 0 {
		return min(e.Occurred, e.Received)
	}
	return min(e.Mail.At, e.Received)
}

// Two processes that begin at once have one key of addresses.
func TestOneKeyOfAddresses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		tokens := make(chan string, 4)
		for range cap(tokens) {
			go func() {
				p, err := cart.OpenPreferences(context.Background(), db, nil)
				if err != nil {
					tokens <- err.Error()
					return
				}
				tokens <- p.UnsubscribeToken("ann@example.com")
			}()
		}
		first := <-tokens
		for range cap(tokens) - 1 {
			if other := <-tokens; other != first || len(first) != 64 {
				t.Errorf("%q and %q", first, other)
			}
		}
		write(t, db, func(tx *gorm.DB) error { return tx.Exec("UPDATE address_key SET key = ?", []byte("short")).Error })
		if _, err := cart.OpenPreferences(context.Background(), db, nil); err == nil {
			t.Error("a key of 5 bytes is taken")
		}
	})
}
