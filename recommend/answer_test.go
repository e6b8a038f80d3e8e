package recommend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
)

// teaShop is a tale of a shop where kettles and teapots go together: yesterday
// forty sessions, today two.
func teaShop(t testing.TB) *tale {
	s := newTale(t).sells(
		sessions.Product{ID: "kettle", Name: "Kettle", Category: "Kitchen"},
		sessions.Product{ID: "spoon", Name: "Spoon", Category: "Kitchen"},
		sessions.Product{ID: "teapot", Name: "Teapot"},
		sessions.Product{ID: "whisk", Name: "Whisk", Category: "Kitchen"},
	)
	for i := range 40 {
		who := fmt.Sprint("early-", i)
		s.views(who, "kettle", "teapot")
		if i < 12 {
			s.orders(who, who, "kettle", "cosy")
		}
		if i%10 == 0 {
			s.views(fmt.Sprint("other-", i), "spoon")
		}
	}
	s.passes(24 * time.Hour)
	return s.views("late", "lamp", "teapot").views("single", "lamp")
}

func TestEveryContextHasItsChainAndSaysWhy(t *testing.T) {
	s := teaShop(t).views("anna", "kettle").adds("ben", "kettle").views("carl", "teapot").passes(time.Hour).views("late", "lamp")
	for _, c := range []struct {
		name string
		q    Request
		want string
	}{
		{"a newcomer at home", Request{Context: Home}, `
			kettle | popular | popular now: 42 sessions
			teapot | popular | popular now: 42 sessions
			cosy   | popular | popular now: 12 sessions
			spoon  | popular | popular now: 4 sessions
			lamp   | popular | popular now: 3 sessions
			whisk  | catalog | from the catalog`},
		{"somebody who comes back", Request{Context: Home, Anonymous: "carl", N: 3}, `
			kettle | likely_next | seen in 40 similar sessions
			cosy   | likely_next | seen in 12 similar sessions
			lamp   | likely_next | seen in 1 similar session`},
		{"a product page", Request{Context: Product, Item: "kettle", N: 5}, `
			teapot | viewed_together  | viewed together by 40 sessions
			cosy   | bought_together  | bought together in 12 orders
			spoon  | similar_products | similar product: same category
			whisk  | similar_products | similar product: same category
			lamp   | popular          | popular now: 3 sessions`},
		{"the page of a product that only the catalog knows", Request{Context: Product, Item: "whisk", N: 3}, `
			kettle | similar_products    | similar product: same category
			spoon  | similar_products    | similar product: same category
			teapot | popular             | popular now: 42 sessions`},
		{"the page of a product that nobody saw", Request{Context: Product, Item: "sieve", N: 2}, `
			kettle | popular | popular now: 42 sessions
			teapot | popular | popular now: 42 sessions`},
		{"a cart", Request{Context: Cart, Anonymous: "ben", N: 3}, `
			cosy   | bought_together  | bought together with Kettle in 12 orders
			teapot | likely_next | seen in 40 similar sessions
			spoon  | popular          | popular now: 4 sessions`},
		{"an empty cart", Request{Context: Cart, Anonymous: "nobody", N: 1}, `
			kettle | popular | popular now: 42 sessions`},
		{"a checkout, where alternatives would disturb", Request{Context: Checkout, Anonymous: "ben", N: 3}, `
			cosy   | bought_together  | bought together with Kettle in 12 orders
			teapot | likely_next | seen in 40 similar sessions
			spoon  | popular          | popular now: 4 sessions`},
		{"a mail about a cart", Request{Context: Email, Anonymous: "ben", N: 2}, `
			cosy   | bought_together  | bought together with Kettle in 12 orders
			teapot | likely_next | seen in 40 similar sessions`},
		{"a mail to somebody without one", Request{Context: Email, Anonymous: "carl", N: 2}, `
			kettle | likely_next | seen in 40 similar sessions
			cosy   | likely_next | seen in 12 similar sessions`},
		{"a search", Request{Context: Search, Anonymous: "carl", N: 1}, `
			kettle | likely_next | seen in 40 similar sessions`},
		{"something to read", Request{Context: Content, N: 1}, `
			kettle | popular | popular now: 42 sessions`},
		{"a session that only who asks knows", Request{Context: Home, Items: goods("kettle"), N: 2}, `
			teapot | likely_next | seen in 40 similar sessions
			cosy   | likely_next | seen in 12 similar sessions`},
		{"a cart that only who asks knows", Request{Context: Cart, Cart: goods("kettle"), N: 2}, `
			cosy   | bought_together  | bought together with Kettle in 12 orders
			teapot | likely_next | seen in 40 similar sessions`},
		{"a checkout that knows a newer line", Request{Context: Checkout, Anonymous: "ben", Cart: goods("kettle", "cosy"), N: 1}, `
			teapot | likely_next | seen in 40 similar sessions`},
	} {
		if got, want := explained(s.asks(c.q)), aligned(c.want); got != want {
			t.Errorf("%s:\n%swant:\n%s", c.name, got, want)
		}
	}
}

func TestAClickCountsForItsShopperAtOnce(t *testing.T) {
	s := teaShop(t)
	s.views("anna", "kettle")
	got := s.asks(Request{Context: Home, Anonymous: "anna", N: 2})
	if want := aligned("teapot | likely_next | seen in 40 similar sessions\ncosy | likely_next | seen in 12 similar sessions"); explained(got) != want {
		t.Errorf("after a kettle:\n%swant:\n%s", explained(got), want)
	}
	s.views("anna", "spoon").views("bella", "spoon", "whisk")
	got = s.asks(Request{Context: Home, Anonymous: "anna", N: 3})[2:]
	if want := aligned("whisk | likely_next | seen in 1 similar session"); explained(got) != want {
		t.Errorf("after a spoon, too:\n%swant:\n%s", explained(got), want)
	}
}

func TestTheAskingSessionDoesNotSpeakForItself(t *testing.T) {
	s := newTale(t).views("anna", "a", "b", "a")
	for _, q := range []Request{{Context: Home, Anonymous: "anna"}, {Context: Product, Item: "a", Anonymous: "anna"}} {
		for _, item := range s.asks(q) {
			if item.Strategy != PopularNow {
				t.Errorf("%s: %s is recommended because of the shopper's own session: %s", q.Context, item.ID, item.Reason)
			}
		}
	}
	items := s.views("bella", "a", "b").asks(Request{Context: Product, Item: "a", Anonymous: "anna"})
	if got, want := explained(items), aligned("b | viewed_together | viewed together by 2 sessions"); got != want {
		t.Errorf("once another session says so:\n%swant:\n%s", got, want)
	}
}

func TestASessionThatEndedIsHistory(t *testing.T) {
	s := newTale(t)
	for _, who := range []string{"x", "y", "z"} {
		s.views(who, "a", "b")
	}
	// b is what anna's last session leads to, d what this one does.
	for _, who := range []string{"x2", "y2"} {
		s.views(who, "c", "d")
	}
	for _, who := range []string{"v", "w"} {
		s.views(who, "a", "b")
	}
	s.r.chains = Chains{Home: {SimilarSessions}}.complete()
	s.views("anna", "a").expect("in the session itself", Request{Context: Home, Anonymous: "anna", N: 1}, "b")
	s.passes(31*time.Minute).views("later", "e").expect("after it", Request{Context: Home, Anonymous: "anna", N: 1}, "b")
	s.views("anna", "c").expect("in the next one, on the same day", Request{Context: Home, Anonymous: "anna", N: 2}, "b d")
	s.passes(4*24*time.Hour).views("anna", "c").expect("in the one after that, days later", Request{Context: Home, Anonymous: "anna", N: 1}, "d")
}

func TestWhatWasBoughtBeforeLeadsToWhatGoesWithIt(t *testing.T) {
	s := newTale(t)
	for _, who := range []string{"x", "y", "z"} {
		s.orders(who, who, "printer", "paper")
	}
	s.orders("anna", "1", "printer").passes(24*time.Hour).views("later", "e")
	for _, c := range []Context{Home, Email} {
		s.r.chains = Chains{c: {BuyTogether}}.complete()
		if got, want := explained(s.asks(Request{Context: c, Anonymous: "anna", N: 1})), aligned("paper | bought_together | bought together with printer in 3 orders"); got != want {
			t.Errorf("%s: %s, want %s", c, got, want)
		}
	}
	s.r.chains = Chains{Search: {BuyTogether}}.complete()
	if got := s.asks(Request{Context: Search, Anonymous: "anna", N: 1}); got[0].Strategy != PopularNow {
		t.Errorf("in a search %s", explained(got))
	}
}

func TestAnswersAreSentAsPromised(t *testing.T) {
	price := int64(1295)
	s := newTale(t).sells(sessions.Product{ID: "a", Name: "Lamp", Price: &price, Currency: "EUR"}).views("x", "b")
	body, err := json.Marshal(Answer{ID: "1f", Context: Home, Items: s.asks(Request{Context: Home})})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1f","context":"home","items":[` +
		`{"product_id":"b","score":1,"strategy":"popular","reason":"popular now: 1 session","support":1,"product":null},` +
		`{"product_id":"a","score":0,"strategy":"catalog","reason":"from the catalog","support":0,` +
		`"product":{"product_id":"a","name":"Lamp","price":1295,"currency":"EUR"}}]}`
	if string(body) != want {
		t.Errorf("sent\n%s\nwant\n%s", body, want)
	}
	if body, _ = json.Marshal(newTale(t).asks(Request{Context: Home})); string(body) != "[]" {
		t.Errorf("an empty shop answers %s", body)
	}
}

// Answers are made in rooms that the next ones use again: nobody's answer is another's.
func TestAnAnswerIsTheAskersOwn(t *testing.T) {
	r := NewRecommender(openLog(t, testdb.SQLite(t)), Options{})
	if body, err := r.AppendJSON(t.Context(), Request{Context: Home}, nil); err != nil || !strings.HasSuffix(string(body), `"items":[]}`) {
		t.Errorf("an empty shop answers %s, %v", body, err)
	}
	s := &tale{t: t, r: r, at: began, visitors: map[sessions.AnonymousID]sessions.VisitorID{}}
	s.views("x", "kettle", "teapot").views("y", "kettle", "teapot").views("z", "lamp", "shade")
	r.cursor = 0 // of the log, which is empty
	kettle := Request{Context: Product, Item: "kettle"}
	kept, err := r.Recommend(t.Context(), kettle)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := r.AppendJSON(t.Context(), Request{Context: Product, Item: "lamp"}, nil); err != nil || !strings.Contains(string(body), `"shade"`) {
		t.Fatalf("answered %s, %v", body, err)
	}
	body, err := r.AppendJSON(t.Context(), kettle, []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	var sent Answer
	if err := json.Unmarshal(body[len("before"):], &sent); err != nil {
		t.Fatal(err)
	}
	if sent.ID == kept.ID || len(sent.ID) != 32 {
		t.Errorf("ids %q and %q", kept.ID, sent.ID)
	}
	sent.ID = kept.ID
	want, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(sent); string(got) != string(want) || kept.Items[0].ID != "teapot" {
		t.Errorf("sent %s, kept %s", got, want)
	}
	if _, err := r.AppendJSON(t.Context(), Request{Context: "nowhere"}, nil); err == nil {
		t.Error("an unknown context is answered")
	}
}

func TestWhatWasBoughtInTheAskingSessionDoesNotSpeakForItself(t *testing.T) {
	s := newTale(t).sells(sessions.Product{ID: "tea", Attributes: json.RawMessage(`{"consumable":true}`)})
	items := s.views("me", "pot").orders("me", "1", "tea").asks(Request{Context: Home, Anonymous: "me"})
	if got, want := explained(items), aligned("pot | popular | popular now: 1 session\ntea | popular | popular now: 1 session"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// By half of the log nothing is answered: what it hides later would be shown.
func TestNothingIsAnsweredBeforeTheLogIsRead(t *testing.T) {
	log := openLog(t, testdb.SQLite(t))
	appendAll(t, log, entry(sessions.Product{ID: "cup"}))
	r := NewRecommender(log, Options{})
	r.built = make(chan struct{})
	ask := func(ctx context.Context) error {
		_, err := r.Recommend(ctx, Request{Context: Home})
		return err
	}
	if err := ask(t.Context()); !errors.Is(err, ErrBuilding) {
		t.Errorf("while the log is read: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := errors.Join(ask(gone), r.WaitBuilt(gone)); !errors.Is(err, context.Canceled) || errors.Is(err, ErrBuilding) {
		t.Errorf("to whoever is gone: %v", err)
	}
	if err := r.firstPass(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	answer, err := r.Recommend(t.Context(), Request{Context: Home})
	if err = errors.Join(err, r.WaitBuilt(t.Context())); err != nil || ids(answer.Items) != "cup" {
		t.Errorf("then: %s, %v", ids(answer.Items), err)
	}
}

// An order of the shopper's own is no reason to recommend what was in it.
func TestTheOwnOrderDoesNotSpeakForItself(t *testing.T) {
	s := newTale(t).sells(sessions.Product{ID: "tea", Attributes: json.RawMessage(`{"consumable":true}`)}).orders("me", "1", "tea", "pot")
	ask := Request{Context: Cart, Anonymous: "me", Cart: []sessions.ProductID{"pot"}}
	if got := explained(s.asks(ask)); strings.Contains(got, string(BuyTogether)) {
		t.Errorf("after one order, the shopper's:\n%s", got)
	}
	if got := explained(s.orders("x", "2", "tea", "pot").asks(ask)); !strings.Contains(got, "in 2 orders") {
		t.Errorf("after another's, too:\n%s", got)
	}
}

func TestAProductPageCountsAsASessionsNewestStep(t *testing.T) {
	s := newTale(t).views("x", "pot").orders("x", "1", "tea")
	items := s.asks(Request{Context: Product, Item: "pot", N: 1})
	if got, want := explained(items), aligned("tea | likely_next | seen in 1 similar session"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestOfEqualReasonsTheNewestLineOfTheCartIsNamed(t *testing.T) {
	s := newTale(t).orders("x", "1", "cup", "pot", "tea").adds("me", "cup").adds("me", "pot")
	items := s.asks(Request{Context: Cart, Anonymous: "me", N: 1})
	if got, want := explained(items), aligned("tea | bought_together | bought together with pot in 1 order"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
