package cart_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/property"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

var sequences = flag.Int("sequences", 150, "how many random histories the flows are played through")

// act is one thing that happens in a history.
type act struct {
	kind string
	who  string
	n    int
}

func acts() *rapid.Generator[act] {
	return rapid.Custom(func(t *rapid.T) act {
		return act{
			kind: rapid.SampledFrom([]string{"tell", "tell", "tell", "put", "add", "add", "add", "remove", "page", "checkout", "identify", "grant", "grant", "deny", "order", "order", "wait", "detect", "leave", "leave", "leave", "leave", "crash", "crash", "flows"}).Draw(t, "kind"),
			who:  rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "who"),
			n:    rapid.IntRange(0, 11).Draw(t, "n"),
		}
	})
}

// addresses are those of customers.
var addresses = map[string]sessions.Email{"1": "one@example.com", "2": "two@example.com"}

// customers are whom the browsers turn out to belong to: x and y are one person.
var customers = map[string]string{"x": "1", "y": "1", "z": "2"}

// plansOfFlows are what may be configured, all with the same cap.
var plansOfFlows = []string{
	"- {name: carts, kind: cart, frequency_cap: 2h, holdout: 30%, maximum_age: 3d, cool_down: 3h, steps: [{offset: 0s}, {offset: 1h}, {offset: 9h}]}",
	"- {name: carts, kind: cart, frequency_cap: 2h, quiet_hours: '11:30-14:00', maximum_age: 3d, steps: [{offset: 30m}, {offset: 1d}]}\n- {name: pay, kind: checkout, frequency_cap: 2h, steps: [{offset: 0s}]}",
	"- {name: pay, kind: checkout, frequency_cap: 2h, maximum_age: 2d, steps: [{offset: 0s}, {offset: 5h}]}\n- {name: looking, kind: browse, wait: 1h, frequency_cap: 2h, maximum_age: 3d, steps: [{offset: 0s}, {offset: 2h}]}",
	"- {name: carts, kind: cart, frequency_cap: 2h, maximum_age: 4d, steps: [{offset: 0s, channels: [email]}, {offset: 3h, channels: [email, webhook]}, {offset: 40h, channels: [email]}]}",
	"- {name: carts, kind: cart, frequency_cap: 2h, maximum_age: 4d, holdout: 10%, steps: [{offset: 10m, channels: [email]}, {offset: 1d, channels: [email]}]}",
}

// history is one history as it is played, and as it was told.
type history struct {
	dbs     []*database.DB // one for each worker
	logs    []*sessions.Log
	now     time.Time
	told    []toldEvent
	orders  int
	crashes int

	telling
}

// toldEvent is an event that was acknowledged.
type toldEvent struct {
	seq  sessions.Seq
	at   time.Time
	kind sessions.Kind
	who  string

	consent sessions.MailState // that it told
}

func (h *history) append(t *rapid.T, who string, e *sessions.Event) {
	e.Received = sessions.MillisOf(h.now)
	receipt, err := h.logs[0].Append(context.Background(), sessions.Batch{Events: []*sessions.Event{e}})
	if err != nil || receipt.Accepted != 1 {
		t.Fatalf("append: %+v, %v", receipt, err)
	}
	h.told = append(h.told, toldEvent{seq: receipt.Seq, at: h.now, kind: e.Kind, who: who})
}

func (h *history) play(t *rapid.T, a act) {
	switch a.kind {
	case "add":
		parts := []part{}
		if a.n%2 == 0 { // a cart with a name, which an order under another name does not end
			parts = append(parts, named("of "+a.who))
		}
		h.append(t, a.who, added(a.who, []string{"cup", "pot", "jar"}[a.n%3], parts...))
	case "put": // by the backend, of nobody known
		who := fmt.Sprint("nobody", a.n%2)
		h.append(t, who, put(who, "cup", int64(1+h.orders+len(h.told))))
	case "remove":
		h.append(t, a.who, event(sessions.ProductRemoved, sessions.Browser, by(a.who), of("cup", 1, 500)))
	case "page":
		h.append(t, a.who, viewed(a.who, "cup"))
	case "checkout":
		h.append(t, a.who, event(sessions.CheckoutStarted, sessions.Browser, by(a.who)))
	case "identify":
		h.append(t, a.who, event(sessions.Identify, sessions.Backend, by(a.who), customer(customers[a.who])))
	case "grant", "deny":
		state := map[string]sessions.MailState{"grant": sessions.MailGranted, "deny": sessions.MailDenied}[a.kind]
		e := event(sessions.Identify, sessions.Backend, by(a.who), customer(customers[a.who]), email(string(addresses[customers[a.who]])), consent(state, 0))
		e.Mail.At = sessions.MillisOf(h.now)
		h.append(t, a.who, e)
		h.told[len(h.told)-1].consent = state
	case "order":
		h.orders++
		parts := []part{by(a.who)}
		if a.n%2 == 0 { // it names a cart that nobody knows, and so ends none
			parts = append(parts, named(fmt.Sprint("other", h.orders)))
		}
		h.append(t, a.who, ordered(fmt.Sprint(h.orders), parts...))
	case "wait":
		h.now = h.now.Add([]time.Duration{time.Minute, 20 * time.Minute, time.Hour, 3 * time.Hour, 10 * time.Hour, 30 * time.Hour}[a.n%6])
	case "leave":
		h.now = h.now.Add([]time.Duration{61 * time.Minute, 90 * time.Minute, 3 * time.Hour}[a.n%3])
		h.detect(t, a.n%2)
	case "flows":
		h.configure(t, a.n)
	case "tell":
		h.now = h.now.Add([]time.Duration{0, time.Second, 10 * time.Minute, 5 * time.Hour}[a.n%4])
		h.tell(t, a.n%2, a.n/4)
	case "detect":
		h.detect(t, a.n%2)
	case "crash":
		h.now = h.now.Add(61 * time.Minute)
		h.crash(t, a.n)
	}
}

func (h *history) configure(t *rapid.T, n int) {
	flows, err := flow.Parse([]byte(plansOfFlows[n%len(plansOfFlows)]))
	if err == nil {
		_, err = cart.RulesOf(flow.Default()).ChangeFlows(context.Background(), h.logs[0], cart.ByAPI, flows, nil, h.now)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// detect lets a worker decide once sessions are written.
func (h *history) detect(t *rapid.T, worker int) {
	f := sessions.NewFollower(h.dbs[0], h.logs[0], nil)
	if err := f.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := f.WaitFor(context.Background(), h.logs[0].Head().Seq); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := h.decide(worker); err != nil {
		t.Fatal(err)
	}
}

func (h *history) decide(worker int) error {
	_, err := cart.NewDetector(h.logs[worker], h.rules()).Detect(context.Background(), h.now, cart.Options{Deliver: true})
	return err
}

// crash lets a worker die in the middle of a transaction: at the n-th row of an
// enrolment that it writes.
func (h *history) crash(t *rapid.T, n int) {
	h.exec(t, fmt.Sprintf("UPDATE fault SET rows = %d", 1+n%2))
	if err := h.decide(1); err != nil {
		h.crashes++
	}
	h.exec(t, "UPDATE fault SET rows = 0")
	h.logs[1].Close()
	h.logs[1] = openPlain(t, h.dbs[1])
}

func (h *history) exec(t *rapid.T, statement string) {
	err := h.dbs[0].Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec(statement).Error })
	if err != nil {
		t.Fatal(err)
	}
}

func openPlain(t interface{ Fatal(...any) }, db *database.DB) *sessions.Log {
	log, err := sessions.OpenLog(context.Background(), db, sessions.LogOptions{Projections: []sessions.Projection{cart.NewStore(db)}})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// playSequences plays random histories, and returns the first thing that was wrong.
func playSequences(t *testing.T, db, second *database.DB, n int, missing control) (found error) {
	t.Helper()
	h := &history{dbs: []*database.DB{db, second}, telling: telling{blindly: missing.blindly, alone: missing.alone}}
	played, sentSteps, messages := 0, 0, 0
	property.Check(t, n, func(r *rapid.T) {
		if found != nil { // a control is over with the first
			return
		}
		played++
		plan := rapid.SliceOfN(acts(), 5, 40).Draw(r, "acts")
		h.told, h.orders, h.now = nil, 0, start
		h.begin()
		h.wipe(r)
		h.logs = []*sessions.Log{openPlain(r, db), openPlain(r, second)}
		defer func() { h.logs[0].Close(); h.logs[1].Close() }()
		if missing.prepare != "" {
			h.exec(r, missing.prepare)
		}
		h.configure(r, len(plan))
		if _, err := h.logs[0].Decide(context.Background(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
			e, err := sessions.Own(sessions.RecoveryEnabled, 0, sessions.MillisOf(h.now), struct{}{})
			return []*sessions.Event{e}, err
		}); err != nil {
			r.Fatal(err)
		}
		for _, a := range append(slices.Clone(missing.opening), plan...) {
			h.play(r, a)
		}
		h.settle(r)
		var steps int64
		if err := db.Read(context.Background()).Raw("SELECT COUNT(*) FROM triggers WHERE kind = 'recovery.step_due'").Scan(&steps).Error; err != nil {
			r.Fatal(err)
		}
		sentSteps += int(steps)
		messages += len(h.messages)
		if err := errors.Join(h.wrong(r), h.wronglyTold(), h.open(r)); err != nil {
			if missing.what != "" {
				found = err
				return
			}
			r.Fatal(err)
		}
	})
	t.Logf("%d histories, %d steps decided, %d messages told, %d not any more, %d crashes in the middle of a transaction",
		played, sentSteps, messages, h.dropped, h.crashes)
	if missing.what == "" && (sentSteps < n/4 || messages < n/4 || (h.dropped < n/50 || h.crashes < n/20) && n >= 100) {
		t.Errorf("too little happened for %d histories", n)
	}
	return found
}

// Whatever shoppers do, whenever workers look and die: no step twice, none after an
// acknowledged order of the same shopper, none while they are there or within the
// cap, none to the holdout, no mail without consent; neither when it is decided nor when
// it goes out; and everything is decided and told, or let go, in the end.
func TestSequencesKeepTheirPromises(t *testing.T) {
	db, second := sequenceShop(t)
	if err := playSequences(t, db, second, *sequences, control{}); err != nil {
		t.Error(err)
	}
}

// A control takes something away that the promises rest on.
type control struct {
	what    string
	prepare string // what is executed before a history
	blindly bool   // messages go out without the recheck
	alone   bool   // the recheck is not told what is on its way
	want    string // an expression of what the test then finds
	opening []act  // how every history begins, so that it is soon found
}

// twoOnTheirWay begins a history in which two carts of one person are decided hours apart, and
// told at once.
var twoOnTheirWay = []act{
	{kind: "identify", who: "x"}, {kind: "identify", who: "y"},
	{kind: "add", who: "x"}, {kind: "leave"}, {kind: "add", who: "y"}, {kind: "leave", n: 2},
	{kind: "tell", n: 8},
}

// The same test finds what is missing when orders cannot be seen, when nobody remembers
// what was sent, when refusals are lost, when nobody looks again before a message goes
// out, and when nobody looks what is on its way.
func TestSequencesFindWhatIsMissing(t *testing.T) {
	for _, missing := range []control{
		{what: "the recheck", blindly: true, want: "told though"},
		{what: "what is on its way", alone: true, want: "told though", opening: twoOnTheirWay},
		{what: "orders", prepare: "CREATE TRIGGER blind AFTER INSERT ON orders BEGIN UPDATE orders SET seq = 0 WHERE order_id = NEW.order_id; END", want: "after the order"},
		{what: "the cap", prepare: "CREATE TRIGGER blind AFTER UPDATE ON enrolments WHEN NEW.last_sent_at > 0 BEGIN UPDATE enrolments SET last_sent_at = 0 WHERE seq = NEW.seq; END", want: "have not gone by|: after {"},
		{what: "denials", prepare: "CREATE TRIGGER blind AFTER INSERT ON consents WHEN NEW.state = 'denied' BEGIN DELETE FROM consents WHERE state = 'denied'; END", want: "consent"},
	} {
		t.Run(strings.ReplaceAll(missing.what, " ", "_"), func(t *testing.T) {
			db, second := sequenceShop(t)
			missing.prepare = strings.Replace(missing.prepare, "CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS", 1)
			err := playSequences(t, db, second, 3000, missing)
			if err == nil || !regexp.MustCompile(missing.want).MatchString(err.Error()) {
				t.Errorf("without %s the test says %v", missing.what, err)
			}
		})
	}
}
