package recommend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"cartwright/sessions"
)

// customer is an event of a customer, in a browser if who is not empty.
func customer(kind sessions.Kind, id, who string, items ...string) *sessions.Event {
	e := event(kind, who, items...)
	e.Customer = sessions.CustomerID(id)
	return e
}

// by sets an event's visitor.
func by(v sessions.VisitorID, e *sessions.Event) *sessions.Event {
	e.Visitor = v
	return e
}

func TestWhoSeesWhat(t *testing.T) {
	s := newTale(t)
	const ann, bob = 1001, 1002
	s.happens(
		by(ann, customer(sessions.ProductViewed, "ann", "tablet", "a")),
		by(ann, customer(sessions.ProductAdded, "ann", "tablet", "b")),
		by(ann, customer(sessions.OrderCompleted, "ann", "", "c")),
		by(bob, customer(sessions.ProductViewed, "bob", "", "d")),
	)
	expect := func(what string, who Shopper, items, cart, bought string) {
		t.Helper()
		got := s.recalls(who)
		if fmt.Sprint(got.items) != items || fmt.Sprint(got.cart) != cart || fmt.Sprint(got.bought) != bought {
			t.Errorf("%s: looked at %v, has %v, bought %v, want %s, %s, %s", what, got.items, got.cart, got.bought, items, cart, bought)
		}
	}
	expect("the browser", Shopper{Anonymous: "tablet"}, "[a b]", "[b]", "[]")
	expect("the customer, of whom an order was told last", Shopper{Customer: "ann"}, "[a b]", "[b]", "[c]")
	s.happens(by(ann, customer(sessions.ProductViewed, "ann", "tablet", "e")))
	expect("the customer, who came back to the browser", Shopper{Customer: "ann"}, "[a b e]", "[b]", "[c]")
	expect("both", Shopper{"tablet", "ann"}, "[a b e]", "[b]", "[c]")
	expect("another browser of the customer", Shopper{"phone", "ann"}, "[a b e]", "[b]", "[c]")
	expect("another customer", Shopper{Customer: "bob"}, "[d]", "[]", "[]")
	expect("nobody", Shopper{}, "[]", "[]", "[]")

	s.happens(by(bob, customer(sessions.ProductViewed, "bob", "tablet", "f")))
	expect("a customer on whose tablet another is now", Shopper{Customer: "ann"}, "[]", "[]", "[c]")
	expect("the other", Shopper{Customer: "bob"}, "[f]", "[b]", "[]")
}

func TestAJoinKeepsASessionWhole(t *testing.T) {
	for _, rush := range []int{0, rememberedMoves} {
		s := newTale(t).views("phone", "z").views("anna", "a")
		survivor := s.visitors["phone"]
		joining := customer(sessions.Identify, "ann", "phone")
		joining.Visitor, joining.Joined = survivor, []sessions.VisitorID{s.visitors["anna"]}
		for i := range rush {
			joining.Joined = append(joining.Joined, sessions.VisitorID(1_000_000+i))
		}
		s.happens(joining, by(survivor, event(sessions.ProductViewed, "anna", "b")))
		if got := s.recalls(Shopper{Anonymous: "anna"}).items; !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("after %d other joins the session holds %v", rush, got)
		}
		if stats := s.r.Stats(); stats.Sessions != 2 {
			t.Errorf("after %d other joins there are %d sessions", rush, stats.Sessions)
		}
		if n := len(s.r.memory.moved); rush > 0 && n != 0 {
			t.Errorf("%d joins are still kept", n)
		}
	}
}

func TestBotsAndThoseWhoDeniedConsentLeaveNoTrace(t *testing.T) {
	bot := event(sessions.ProductViewed, "crawler", "a")
	bot.Bot = true
	denied := event(sessions.ProductAdded, "shy", "b")
	denied.Consent = "denied"
	nobody := event(sessions.ProductViewed, "", "c")
	own := &sessions.Event{Kind: sessions.DecisionMade, Source: sessions.Ours, Visitor: 7}
	s := newTale(t).happens(bot, denied, nobody, own)
	if stats := s.r.Stats(); stats.Clicks != 0 {
		t.Errorf("the index holds %d clicks", stats.Clicks)
	}
	if got := s.recalls(Shopper{Anonymous: "shy"}); len(got.items) != 0 || !slices.Equal(got.cart, []string{"b"}) {
		t.Errorf("of who denied consent %+v is remembered", got)
	}
	s.views("x", "b", "d").expect("what is in the cart nevertheless", Request{Context: Home, Anonymous: "shy"}, "d")
}

func TestAnOrderCountsOnce(t *testing.T) {
	backend := customer(sessions.OrderCompleted, "ann", "", "a", "b")
	backend.Order, backend.Source = "1", sessions.Backend
	s := newTale(t).orders("anna", "1", "a", "b").happens(by(9, backend)).orders("ben", "2", "a", "b")
	items := s.asks(Request{Context: Cart, Anonymous: "x", Item: "a"})
	if len(items) != 2 || items[0].Reason != "popular now: 2 sessions" {
		t.Errorf("an order told in two ways counts so:\n%s", explained(items))
	}
	for _, unnamed := range []string{"carl", "dora"} {
		s.orders(unnamed, "", "a", "b")
	}
	if got := s.r.Stats().Sessions; got != 4 {
		t.Errorf("with two orders that have no id there are %d sessions, want 4", got)
	}
}

func TestSettingsOfTheLogCutSessions(t *testing.T) {
	changed := &sessions.Event{Kind: sessions.SettingsChanged, Source: sessions.Ours}
	changed.Data, _ = json.Marshal(sessions.Settings{SessionTimeout: time.Minute, SessionMaximum: time.Hour, SessionEvents: 10})
	s := newTale(t).views("anna", "a").passes(2*time.Minute).views("anna", "b").happens(changed)
	s.passes(2*time.Minute).views("anna", "c")
	if got := s.recalls(Shopper{Anonymous: "anna"}); !slices.Equal(got.items, []string{"c"}) || !slices.Equal(got.before, []string{"b", "a"}) {
		t.Errorf("the session holds %v after %v", got.items, got.before)
	}
	changed.Data = []byte("{")
	if err := s.r.take([]*sessions.Event{changed}); err == nil {
		t.Error("settings that cannot be read were taken")
	}
}

func TestMemoryOfOneStreamIsBounded(t *testing.T) {
	s := newTale(t)
	for i := range 3 * heldLines {
		item := fmt.Sprint("p", i)
		s.views("greedy", item).orders("greedy", "", item).adds("greedy", item).passes(time.Hour)
	}
	var cart []sessions.Line
	for i := range 3 * heldLines {
		cart = append(cart, sessions.Line{Product: sessions.ProductID(fmt.Sprint("q", i)), Quantity: 1})
	}
	whole := event(sessions.CartUpdated, "greedy")
	whole.Lines = cart
	s.happens(whole)
	st, _ := s.r.memory.streams.Peek("a:greedy")
	h, _ := s.r.memory.holdings.Peek("a:greedy")
	if len(st.spans) != streamSpans || len(st.steps) != streamSteps || len(h.cart) != heldLines || len(h.bought) != heldBought {
		t.Errorf("remembered %d spans, %d steps, %d lines, %d bought", len(st.spans), len(st.steps), len(h.cart), len(h.bought))
	}
	if last := h.bought[heldBought-1].item; last != fmt.Sprint("p", 3*heldLines-1) {
		t.Errorf("the newest that was bought is %s", last)
	}
}

func TestTheQuietestStreamIsForgottenFirst(t *testing.T) {
	s := newTale(t).views("first", "a").views("second", "a")
	for i := range rememberedStreams - 1 {
		if i == 10 {
			s.views("first", "b")
		}
		s.happens(event(sessions.Page, fmt.Sprint(i)))
	}
	for who, want := range map[string]bool{"first": true, "second": false} {
		if got := s.r.memory.streams.Contains("a:" + who); got != want {
			t.Errorf("the stream that was %s to come is remembered: %v", who, got)
		}
	}
}

func TestForgettingAVisitorLeavesNoTrace(t *testing.T) {
	others := func(s *tale) *tale { return s.views("x", "a", "b").views("y", "a", "c", "b").orders("y", "1", "a") }
	with := others(newTale(t)).views("me", "a", "c", "d").adds("me", "c").passes(time.Hour).orders("me", "2", "a", "d")
	var mine []*sessions.Event
	for seq := range with.seq {
		e := event(sessions.ProductViewed, "me")
		e.Seq = seq + 1
		if e.Seq > 6 {
			mine = append(mine, e)
		}
	}
	with.r.Forget(mine)
	without := others(newTale(t))
	for _, q := range []Request{{Context: Home}, {Context: Home, Anonymous: "me"}, {Context: Product, Item: "a"}, {Context: Cart, Anonymous: "me"}} {
		if got, want := explained(with.asks(q)), explained(without.asks(q)); got != want {
			t.Errorf("%+v: answered\n%sas if never there:\n%s", q, got, want)
		}
	}
}

func TestAnEmptiedCartTakesNoRoom(t *testing.T) {
	s := newTale(t).adds("me", "a").removes("me", "a").removes("other", "a")
	if n := s.r.memory.holdings.Len(); n != 0 {
		t.Errorf("%d streams are remembered as having something", n)
	}
}

func TestALateEventReopensNobodysSession(t *testing.T) {
	s := newTale(t).views("me", "a").passes(time.Hour).views("x", "b")
	late := event(sessions.ProductViewed, "y", "c")
	late.Occurred = began
	if got := s.happens(late).recalls(Shopper{Anonymous: "me"}); got.session != 0 {
		t.Errorf("session %d goes on again", got.session)
	}
}

func TestWhatTheShopTellsStandsOnceBehindWhatIsRemembered(t *testing.T) {
	r := NewRecommender(nil, Options{
		InCart: func(context.Context, Shopper) ([]sessions.ProductID, error) {
			return []sessions.ProductID{"d", "b", "a", "d"}, nil
		},
		Bought: func(context.Context, Shopper) (map[sessions.ProductID]sessions.Millis, error) {
			return map[sessions.ProductID]sessions.Millis{"f": 3, "e": 3, "g": 1, "h": 9}, nil
		},
	})
	cart, bought, err := r.known(t.Context(), Shopper{Customer: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	s := shopper{cart: []string{"c", "b"}, bought: []purchase{{item: "h", at: 2, orders: 2, hours: 50}, {item: "i", at: 5}}}
	s.learn(cart, bought)
	if fmt.Sprint(s.cart, s.bought) != "[a d c b] [g e f i h]" {
		t.Errorf("cart %v, bought %v", s.cart, s.bought)
	}
	if last := s.bought[4]; last != (purchase{"h", 9, 2, 50}) {
		t.Errorf("%+v", last)
	}
}

func TestACrawlerCountsForOthersOnlySoMuchADay(t *testing.T) {
	s := newTale(t)
	crawls := func(n int) {
		for i := range n {
			if i%400 == 399 {
				s.passes(31 * time.Minute) // so that its sessions are no longer than one may be
			}
			s.happens(event(sessions.ProductViewed, "crawler", fmt.Sprint("p", i)))
		}
	}
	if crawls(streamClicks + 50); s.r.Stats().Clicks != streamClicks {
		t.Errorf("%d clicks of one day count", s.r.Stats().Clicks)
	}
	if got := s.recalls(Shopper{Anonymous: "crawler"}).items; !slices.Contains(got, fmt.Sprint("p", streamClicks+49)) {
		t.Errorf("its own last step is forgotten: %v", got)
	}
	if s.passes(24 * time.Hour); s.r.Stats().Clicks != streamClicks {
		t.Errorf("%d clicks count", s.r.Stats().Clicks)
	}
	if crawls(10); s.r.Stats().Clicks != streamClicks+10 {
		t.Errorf("on the next day %d clicks count", s.r.Stats().Clicks)
	}
	s.views("shopper", "p1")
	if got := s.r.Stats().Clicks; got != streamClicks+11 {
		t.Errorf("with another's %d clicks count", got)
	}
}

func TestClicksSayWhoseTheyAre(t *testing.T) {
	m := newMemory()
	seq := sessions.Seq(0)
	take := func(e *sessions.Event, visitor sessions.VisitorID, address string) Click {
		t.Helper()
		seq++
		e.Seq, e.Visitor, e.Address = seq, visitor, address
		clicks, err := m.take(e, nil)
		if err != nil || len(clicks) != 1 {
			t.Fatalf("%v, %v", clicks, err)
		}
		return clicks[0]
	}
	home := take(event(sessions.ProductViewed, "ann", "cup"), 7, "203.0.113.0")
	mobile := take(event(sessions.ProductViewed, "bob", "cup"), 8, "198.51.100.0")
	same := take(event(sessions.OrderCompleted, "cid", "cup"), 9, "203.0.113.0")
	backend := take(event(sessions.ProductViewed, "dan", "cup"), 9, "")
	if home.Network == 0 || mobile.Network == 0 || home.Network == mobile.Network || same.Network != home.Network || backend.Network != 0 {
		t.Errorf("networks %d, %d, %d, %d", home.Network, mobile.Network, same.Network, backend.Network)
	}
	if home.Visitor != 7 || same.Visitor != 9 {
		t.Errorf("visitors %d, %d", home.Visitor, same.Visitor)
	}
	joined := event(sessions.Identify, "ann")
	joined.Visitor, joined.Joined = 7, []sessions.VisitorID{8}
	if _, err := m.take(joined, nil); err != nil {
		t.Fatal(err)
	}
	if c := take(event(sessions.ProductViewed, "bob", "pot"), 8, "198.51.100.0"); c.Visitor != 7 {
		t.Errorf("who became visitor 7 clicks as %d", c.Visitor)
	}
}
