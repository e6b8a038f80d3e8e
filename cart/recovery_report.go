package cart

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// MessageLine is what came of the messages of one step of a flow on one channel,
// each thing counted when it happened. A message that went out on two channels is
// one on each.
type MessageLine struct {
	Flow    string  `json:"flow"`
	Step    int64   `json:"step"`
	Channel Channel `json:"channel"`
	MessageOutcome
}

// MessageOutcome counts what came of messages.
type MessageOutcome struct {
	Delivered    int64  `json:"delivered"`    // messages that arrived
	Clicked      int64  `json:"clicked"`      // messages whose link was followed
	Recovered    int64  `json:"recovered"`    // orders that are credited to them and were not cancelled
	Cancelled    int64  `json:"cancelled"`    // orders that would be, but were
	Unsubscribed *int64 `json:"unsubscribed"` // shoppers who unsubscribed by them; null when that is not known
	Revenue      Purse  `json:"revenue"`      // of the recovered orders, by currency
}

// Withheld counts messages that were not sent because the shopper had ordered:
// what recovery did not have to do. They are no part of what it earned.
type Withheld struct {
	Flow     string `json:"flow"`
	Step     int64  `json:"step"`
	Messages int64  `json:"messages"`
}

// Experiment is a comparison of the people who were to get messages with those
// who were held out, by the flow they entered; an empty flow stands for all.
type Experiment struct {
	Flow string `json:"flow,omitempty"`
	Shares
	Revenue []Means `json:"revenue_per_person"` // by currency
	Open    int64   `json:"open"`               // people whose window has not ended yet
}

// RecoveryReport says what recovery earned in a period, and what would have come
// without it. The two differ: a shopper who clicks might have come back anyway.
type RecoveryReport struct {
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to"` // exclusive
	Window time.Duration `json:"-"`

	WindowSeconds int64          `json:"window_seconds"` // from a click, or an enrolment, to the order
	Messages      []MessageLine  `json:"messages"`
	Total         MessageOutcome `json:"total"`
	Withheld      []Withheld     `json:"suppressed_by_purchase"`

	// Unconfirmed are orders that would be credited, but that no backend told of: what
	// browsers say is no revenue.
	Unconfirmed int64 `json:"unconfirmed_orders"`

	// Experiments are by flow, and for all flows together if there are several: that
	// one compares like with like only while all hold out the same share. Nil when
	// nothing says who was held out.
	Experiments []Experiment `json:"experiments"`
}

// Unsubscribe is one shopper's leaving, by the message that they left by, as far
// as that is known.
type Unsubscribe struct {
	Flow    string
	Step    int64
	Channel Channel
}

// ReportOptions are what reports are made with.
type ReportOptions struct {
	Window time.Duration // 0 means [DefaultWindow]

	// Enrolments reads who entered flows between two times, in the order of their
	// entering. Nil: nothing says so, and reports have no experiments.
	Enrolments func(tx *gorm.DB, from, to sessions.Millis) ([]Enrolment, error)

	// Unsubscribes reads who left between two times. Nil: nothing says so.
	Unsubscribes func(tx *gorm.DB, from, to sessions.Millis) ([]Unsubscribe, error)

	Now func() time.Time // nil means time.Now
}

// Reports makes reports of recovery.
type Reports struct {
	db *database.DB
	o  ReportOptions
}

// NewReports returns the reports of a database.
func NewReports(db *database.DB, o ReportOptions) *Reports {
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Reports{db, o}
}

// Recovery reports on a period, without its end, as of one view of the database.
// Cost: passes over what was delivered, clicked and decided in it, and some
// queries by index for the orders of those who clicked or entered a flow.
func (r *Reports) Recovery(ctx context.Context, from, to time.Time) (RecoveryReport, error) {
	report := RecoveryReport{
		From: from.UTC(), To: to.UTC(), Window: r.o.Window, WindowSeconds: int64(r.o.Window.Seconds()),
		Messages: []MessageLine{}, Withheld: []Withheld{},
	}
	err := r.db.Snapshot(ctx, func(tx *gorm.DB) error {
		p := period{sessions.MillisOf(from), sessions.MillisOf(to)}
		harvest := harvest{}
		for _, count := range []func(*gorm.DB, period) error{harvest.delivered, harvest.clicked} {
			if err := count(tx, p); err != nil {
				return err
			}
		}
		var err error
		if report.Unconfirmed, err = r.credit(tx, p, harvest); err != nil {
			return err
		}
		if report.Total.Unsubscribed, err = r.unsubscribed(tx, p, harvest); err != nil {
			return err
		}
		report.Messages, report.Total = harvest.lines(report.Total)
		if report.Withheld, err = loadWithheld(tx, p); err != nil {
			return err
		}
		report.Experiments, err = r.experiments(tx, p)
		return err
	})
	if err != nil {
		return report, fmt.Errorf("report on recovery from %s to %s: %w", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339), err)
	}
	return report, nil
}

// message names the messages that are counted together.
type message struct {
	flow    string
	step    int64
	channel Channel
}

// harvest is what came of messages.
type harvest map[message]*MessageOutcome

func (t harvest) of(m message) *MessageOutcome {
	if t[m] == nil {
		t[m] = &MessageOutcome{Revenue: Purse{}}
	}
	return t[m]
}

// lines returns the harvest in order, and adds it up; of who left the total knows more.
func (t harvest) lines(total MessageOutcome) ([]MessageLine, MessageOutcome) {
	lines := []MessageLine{}
	total.Revenue = Purse{}
	order := func(a, b message) int {
		return cmp.Or(cmp.Compare(a.flow, b.flow), cmp.Compare(a.step, b.step), cmp.Compare(a.channel, b.channel))
	}
	for _, m := range slices.SortedFunc(maps.Keys(t), order) {
		came := t[m]
		if total.Unsubscribed != nil && came.Unsubscribed == nil {
			came.Unsubscribed = new(int64)
		}
		lines = append(lines, MessageLine{m.flow, m.step, m.channel, *came})
		total.Delivered += came.Delivered
		total.Clicked += came.Clicked
		total.Recovered += came.Recovered
		total.Cancelled += came.Cancelled
		for _, money := range came.Revenue {
			total.Revenue = total.Revenue.put(money)
		}
	}
	return lines, total
}

// credit credits the orders of a period, and returns how many are left out because
// no backend told of them.
func (r *Reports) credit(tx *gorm.DB, p period, t harvest) (unconfirmed int64, err error) {
	clicks, err := loadClicks(tx, period{p.from.Add(-r.o.Window), p.to})
	if err != nil {
		return 0, err
	}
	visitors, carts := map[sessions.VisitorID]bool{}, map[ID]bool{}
	for _, c := range clicks {
		visitors[c.Visitor], carts[c.Cart] = true, true
	}
	delete(visitors, 0)
	delete(carts, 0)
	sales, err := loadSales(tx, numbers(visitors), numbers(carts), p)
	if err != nil {
		return 0, err
	}
	index := indexClicks(clicks)
	for _, s := range sales {
		click, found := Attribute(s, index.near(s), r.o.Window)
		if !found {
			continue
		}
		if !trusted(s.Source) {
			unconfirmed++
			continue
		}
		t.of(message{click.Flow, click.Step, click.Channel}).credit(s.Order)
	}
	return unconfirmed, nil
}

func (m *MessageOutcome) credit(o Order) {
	if o.Cancelled {
		m.Cancelled++
		return
	}
	m.Recovered++
	m.Revenue = m.Revenue.add(o)
}

// unsubscribed counts who left, and returns how many did, nil if nothing says so.
func (r *Reports) unsubscribed(tx *gorm.DB, p period, t harvest) (*int64, error) {
	if r.o.Unsubscribes == nil {
		return nil, nil
	}
	left, err := r.o.Unsubscribes(tx, p.from, p.to)
	if err != nil {
		return nil, fmt.Errorf("load unsubscribes: %w", err)
	}
	for _, u := range left {
		if u.Flow == "" {
			continue // they left for good, by nothing that we know of
		}
		m := t.of(message{u.Flow, u.Step, u.Channel})
		if m.Unsubscribed == nil {
			m.Unsubscribed = new(int64)
		}
		*m.Unsubscribed++
	}
	n := int64(len(left))
	return &n, nil
}
