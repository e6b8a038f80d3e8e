package cart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// ends appends how telling a trigger ended.
func (s *shop) ends(minutes int, trigger, channel, outcome, reason string) {
	s.t.Helper()
	s.now = at(minutes)
	s.decide(func() (*sessions.Event, error) {
		content := map[string]any{"trigger_id": trigger, "endpoint_id": 1, "outcome": outcome, "reason": reason}
		if channel != "" {
			content["channel"] = channel
		}
		return sessions.Own(sessions.DeliveryEnded, 0, millis(minutes), content)
	})
}

const hours = 60

// paid is an order from the backend.
func paid(id string, amount int64, parts ...part) *sessions.Event {
	return event(sessions.OrderCompleted, sessions.Backend, append(parts, order(id), total(amount))...)
}

// report is what is said of some hours after start.
func (s *shop) report(from, to int, o cart.ReportOptions) cart.RecoveryReport {
	s.t.Helper()
	o.Now = func() time.Time { return at(to * hours) }
	r, err := cart.NewReports(s.db, o).Recovery(context.Background(), at(from*hours), at(to*hours))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// said are the lines of a report, a line each.
func said(r cart.RecoveryReport) string {
	var b strings.Builder
	for _, l := range r.Messages {
		fmt.Fprintf(&b, "%s %d %s: delivered %d, clicked %d, recovered %d, cancelled %d", l.Flow, l.Step, l.Channel, l.Delivered, l.Clicked, l.Recovered, l.Cancelled)
		if l.Unsubscribed != nil {
			fmt.Fprintf(&b, ", unsubscribed %d", *l.Unsubscribed)
		}
		for _, m := range l.Revenue {
			fmt.Fprintf(&b, ", %s %d of %d without %d", m.Currency, m.Net, m.Orders, m.Refunded)
		}
		b.WriteByte('\n')
	}
	for _, w := range r.Withheld {
		fmt.Fprintf(&b, "withheld %s %d: %d\n", w.Flow, w.Step, w.Messages)
	}
	return b.String()
}

// Each thing counts when it happened; orders go to the last click, net, by currency.
func TestRecoveryReport(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")), put("B", "cup", 1, by("bob")), put("C", "cup", 1, by("cat")), put("D", "cup", 1, by("dan")), put("E", "cup", 1, by("eve")))
		s.detect(60)
		tokens := map[string]string{}
		for i, who := range []string{"ann", "bob", "cat", "dan", "eve"} {
			trigger := s.told()[i]
			tokens[who] = s.link(trigger, 60)
			s.ends(61, trigger.ID, "email", "delivered", "")
			s.ends(61, trigger.ID, "", "delivered", "") // and two endpoints
			s.ends(61, trigger.ID, "", "delivered", "")
		}
		for _, who := range []string{"ann", "bob", "cat", "eve"} {
			s.click(tokens[who], 2*hours)
		}
		s.happens(3*hours, ordered("1", by("ann"), named("A")))                                               // 500
		s.happens(3*hours, paid("2", 700, by("bob"), named("X"), currency("USD")))                            // another cart, another currency
		s.happens(3*hours, ordered("3", by("cat"), named("C")))                                               // will be cancelled
		s.happens(3*hours, ordered("4", by("dan"), named("D")))                                               // never clicked
		s.happens(3*hours, event(sessions.OrderCompleted, sessions.Browser, by("eve"), order("5"), total(9))) // nobody confirms it
		s.happens(3*hours, paid("6", 300, by("ann")))
		all := "cart 0 email: delivered 5, clicked 4, recovered 4, cancelled 0, EUR 1300 of 3 without 0, USD 700 of 1 without 0\ncart 0 webhook: delivered 5, clicked 0, recovered 0, cancelled 0\n"
		if got := said(s.report(0, 24, cart.ReportOptions{})); got != all {
			t.Errorf("got\n%s", got)
		}
		s.happens(4*hours, event(sessions.OrderCancelled, sessions.Backend, order("3")))
		s.happens(4*hours, event(sessions.OrderRefunded, sessions.Backend, order("1"), total(200)))
		r := s.report(0, 24, cart.ReportOptions{})
		net := strings.Replace(all, "recovered 4, cancelled 0, EUR 1300 of 3 without 0", "recovered 3, cancelled 1, EUR 600 of 2 without 200", 1)
		if got := said(r); got != net || r.Unconfirmed != 1 || r.Total.Delivered != 10 || r.Total.Recovered != 3 || len(r.Total.Revenue) != 2 || r.Experiments != nil {
			t.Errorf("got\n%s%+v", got, r)
		}
		for _, c := range []struct {
			from, to int
			window   time.Duration
			want     string
		}{
			{1, 2, 0, "cart 0 email: delivered 5, clicked 0, recovered 0, cancelled 0\ncart 0 webhook: delivered 5, clicked 0, recovered 0, cancelled 0\n"},
			{2, 3, 0, "cart 0 email: delivered 0, clicked 4, recovered 0, cancelled 0\n"},
			{3, 4, 0, "cart 0 email: delivered 0, clicked 0, recovered 3, cancelled 1, EUR 600 of 2 without 200, USD 700 of 1 without 0\n"},
			{3, 4, time.Hour, "cart 0 email: delivered 0, clicked 0, recovered 3, cancelled 1, EUR 600 of 2 without 200, USD 700 of 1 without 0\n"},
			{3, 4, time.Hour - time.Millisecond, ""},
			{4, 24, 0, ""},
		} {
			if got := said(s.report(c.from, c.to, cart.ReportOptions{Window: c.window})); got != c.want {
				t.Errorf("from %d to %d, window %s: got\n%swant\n%s", c.from, c.to, c.window, got, c.want)
			}
		}
	})
}

// Shoppers who turn out to be one are one for what they clicked before, too.
func TestReportOfJoinedShoppers(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("", "cup", 1, by("phone")), event(sessions.Page, sessions.Browser, by("laptop"), customer("u1")))
		s.detect(60)
		s.click(s.link(s.told()[0], 60), 70)
		s.happens(80, ordered("1", customer("u1"), named("Z")))
		if got := said(s.report(0, 24, cart.ReportOptions{})); strings.Contains(got, "recovered 1") {
			t.Fatalf("the control has it: %s", got)
		}
		s.happens(90, event(sessions.Identify, sessions.Browser, by("phone"), customer("u1")))
		if got, want := said(s.report(0, 24, cart.ReportOptions{})), "cart 0 email: delivered 0, clicked 1, recovered 1, cancelled 0, EUR 500 of 1 without 0\n"; got != want {
			t.Errorf("got %s", got)
		}
	})
}

// What an order made needless is counted apart: when it was decided, and when it
// was about to go out.
func TestReportOfWhatWasWithheld(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")), put("B", "cup", 1, by("bob")), put("C", "cup", 1, by("cat")), put("D", "cup", 1, by("dan")))
		s.happens(1, ordered("1", by("ann"), named("Z"))) // another cart: this one is decided on
		s.detect(60)
		told := s.told()
		s.happens(61, ordered("2", by("bob"), named("B")))
		for _, trigger := range told {
			switch trigger.Cart {
			case 3:
				s.ends(62, trigger.ID, "email", "suppressed", "cart_closed")
				s.ends(62, trigger.ID, "", "suppressed", "cart_closed")
			case 4:
				s.ends(62, trigger.ID, "email", "suppressed", "cart_changed")
			case 5:
				s.ends(62, trigger.ID, "email", "suppressed", "order_of_email")
			}
		}
		if got, want := said(s.report(0, 24, cart.ReportOptions{})), "withheld cart 0: 3\n"; got != want {
			t.Errorf("got %s", got)
		}
	})
}

func TestReportOfUnsubscribes(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		s.ends(61, s.told()[0].ID, "email", "delivered", "")
		var asked []sessions.Millis
		r := s.report(0, 24, cart.ReportOptions{Unsubscribes: func(_ *gorm.DB, from, to sessions.Millis) ([]cart.Unsubscribe, error) {
			asked = append(asked, from, to)
			return []cart.Unsubscribe{{Flow: "cart", Step: 1, Channel: cart.Email}, {Flow: "cart", Step: 1, Channel: cart.Email}, {}}, nil
		}})
		want := "cart 0 email: delivered 1, clicked 0, recovered 0, cancelled 0, unsubscribed 0\ncart 1 email: delivered 0, clicked 0, recovered 0, cancelled 0, unsubscribed 2\n"
		if got := said(r); got != want || *r.Total.Unsubscribed != 3 || len(asked) != 2 || asked[0] != millis(0) || asked[1] != millis(24*hours) {
			t.Errorf("got\n%stotal %d, asked of %v", got, *r.Total.Unsubscribed, asked)
		}
	})
}

// enrols writes who entered a flow, as the flows' projection does.
func (s *shop) enrols(rows ...string) {
	s.t.Helper()
	write(s.t, s.db, func(tx *gorm.DB) error {
		var err error
		for i, row := range rows {
			var flow string
			var cart, visitor, minutes, holdout int64
			if _, err := fmt.Sscan(row, &flow, &cart, &visitor, &minutes, &holdout); err != nil {
				return err
			}
			if err == nil {
				at := int64(millis(int(minutes)))
				err = tx.Exec(`INSERT INTO enrolments (cart, session, episode, flow, kind, visitor_id, seq, entered_at, abandoned_at, holdout, next_step, next_at, last_sent_at, sent, ended_at, end_reason)
					VALUES (?, 0, ?, ?, 'cart', ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, '')`, cart, i, flow, visitor, i, at, at, holdout).Error
			}
		}
		return err
	})
}

// Everybody counts in the group of their first enrolment, whatever came then.
func TestExperiments(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := openShop(t, db)
		s.enableRecovery()
		s.happens(0, put("A", "cup", 1, by("ann")), put("B", "cup", 1, by("bob")), put("C", "cup", 1, by("cat")), put("D", "cup", 1, by("dan")), put("E", "cup", 1), put("F", "cup", 1, by("fay")))
		s.enrols(
			"cart 2 2 60 0", // ann: treated, and held out later: treated
			"cart 2 2 70 1",
			"cart 3 3 60 1",      // bob: held out, and in another flow not
			"checkout 3 3 70 0",  //
			"cart 4 4 60 0",      // cat: orders after the window
			"cart 5 5 60 0",      // dan: ordered before
			"cart 6 0 60 1",      // nobody known: the cart stands for them
			"cart 7 7 60 0",      // fay: cancels
			"cart 99 99 6000 0",  // after the period
			"cart 98 98 -6000 1", // before it
		)
		s.happens(50, paid("0", 9000, by("dan"), named("Z")))
		s.happens(80, paid("1", 1000, by("ann"), named("A")), paid("2", 500, by("ann")), paid("3", 50, by("ann"), currency("USD")))
		s.happens(80, paid("4", 400, by("bob")), paid("5", 600, named("E")), paid("6", 700, by("fay")))
		s.happens(81, event(sessions.OrderCancelled, sessions.Backend, order("6")), event(sessions.OrderRefunded, sessions.Backend, order("4"), total(100)))
		s.happens(60+2*hours+1, paid("7", 800, by("cat")))
		r := s.report(0, 24, cart.ReportOptions{Window: 2 * time.Hour, Enrolments: cart.ReadEnrolments})
		var got []string
		for _, e := range r.Experiments {
			line := fmt.Sprintf("%q: %d of %d and %d of %d, open %d", e.Flow, e.Treated.Recovered, e.Treated.People, e.Holdout.Recovered, e.Holdout.People, e.Open)
			for _, m := range e.Revenue {
				body, err := json.Marshal([]*float64{m.Treated, m.Holdout})
				if err != nil {
					t.Fatal(err)
				}
				line += fmt.Sprintf(", %s %s", m.Currency, body)
			}
			got = append(got, line)
		}
		want := []string{
			`"": 1 of 4 and 2 of 2, open 0, EUR [375,450], USD [12.5,0]`,
			`"cart": 1 of 4 and 2 of 2, open 0, EUR [375,450], USD [12.5,0]`,
			`"checkout": 1 of 1 and 0 of 0, open 0, EUR [300,null]`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if open := s.report(0, 2, cart.ReportOptions{Window: 2 * time.Hour, Enrolments: cart.ReadEnrolments}).Experiments[0].Open; open != 6 {
			t.Errorf("%d are open", open)
		}
	})
}
