package jobs

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions/database"
)

// couponShop is a shop that makes codes, inside the process.
type couponShop struct {
	receiver *standardwebhooks.Webhook
	answers  []couponReply // one a request
	asked    []string      // the id of each request, and whether it was signed rightly
}

// couponReply is how a shop answers one request.
type couponReply struct {
	status int
	body   string
	delay  time.Duration
}

// RoundTrip answers as told.
func (s *couponShop) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	id := r.Header.Get("Webhook-Id") + " " + r.URL.String() + " " + string(body)
	if err := s.receiver.VerifyIgnoringTimestamp(body, r.Header); err != nil {
		id += " " + err.Error()
	}
	a := s.answers[len(s.asked)]
	s.asked = append(s.asked, id)
	select {
	case <-time.After(a.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// issuer asks a shop, and keeps its answers in a database.
func (s *couponShop) issuer(t *testing.T, db *database.DB) *CouponIssuer {
	t.Helper()
	secret := webhook.NewSecret()
	var err error
	if s.receiver, err = standardwebhooks.NewWebhook(secret.Reveal()); err != nil {
		t.Fatal(err)
	}
	return &CouponIssuer{URL: "https://shop.example/coupons", Secret: secret, Sender: webhook.NewSender(webhook.Options{Transport: s}),
		Answers: cart.NewCoupons(db, cart.CouponRules{Pause: time.Hour}), Now: time.Now}
}

// Slow, wrong and no answers put the message off; the third time it goes without a
// code. A shop that has none for the shopper is not asked again.
func TestAskingTheShopForACode(t *testing.T) {
	right := couponReply{status: 200, body: `{"code":"BACK-1","expires_at":"2100-01-01T00:00:00Z"}`}
	slow := couponReply{status: 200, body: `{"code":"LATE"}`, delay: CouponTimeout + time.Second}
	for name, tt := range map[string]struct {
		answers []couponReply
		want    []string // of each attempt
		rows    string
	}{
		"rightly":           {[]couponReply{right}, []string{"BACK-1"}, "BACK-1 "},
		"not for this one":  {[]couponReply{{status: 204}}, []string{""}, " coupon_declined"},
		"slowly, then well": {[]couponReply{slow, right}, []string{"error: ask the shop for a coupon code: the shop did not answer within 10s", "BACK-1"}, "BACK-1 "},
		"just in time":      {[]couponReply{{status: 200, body: `{"code":"X"}`, delay: CouponTimeout - time.Second}}, []string{"X"}, "X "},
		"wrongly": {[]couponReply{{status: 500}, {status: 201, body: `{"code":"A"}`}, {status: 200, body: `{"code":"A B"}`}},
			[]string{"error: ask the shop for a coupon code: the endpoint answered 500 Internal Server Error",
				"error: ask the shop for a coupon code: the shop answered 201 instead of 200 with a code, or 204", ""}, " coupon_unavailable"},
		"nonsense, then none": {[]couponReply{{status: 200, body: "<html>"}, {status: 204}},
			[]string{`error: ask the shop for a coupon code: the shop's answer is not {"code": "…"} in at most 1024 bytes of JSON`, ""}, " coupon_declined"},
		"no code": {[]couponReply{{status: 200, body: `{}`}, right}, []string{"error: ask the shop for a coupon code: the shop's answer: the code is empty", "BACK-1"}, "BACK-1 "},
		"a code that expired": {[]couponReply{{status: 200, body: `{"code":"OLD","expires_at":"1999-01-01T00:00:00Z"}`}, right},
			[]string{"error: ask the shop for a coupon code: the shop gave a code that has expired", "BACK-1"}, "BACK-1 "},
		"a code of another": {[]couponReply{{status: 200, body: `{"code":"TAKEN"}`}, {status: 204}},
			[]string{"error: ask the shop for a coupon code: the code was given before, for another shopper or message", ""}, " coupon_declined"},
		"a code of the pool": {[]couponReply{{status: 200, body: `{"code":"FREE"}`}}, []string{"FREE"}, "FREE "},
		"elsewhere":          {[]couponReply{{status: 302}, right}, []string{"error: ask the shop for a coupon code: the endpoint answered 302 Found; redirects are not followed", "BACK-1"}, "BACK-1 "},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, db *database.DB) { tryAnswers(t, db, tt.answers, tt.want, tt.rows) })
		})
	}
}

func tryAnswers(t *testing.T, db *database.DB, answers []couponReply, want []string, rows string) {
	t.Helper()
	shop := &couponShop{answers: answers}
	i := shop.issuer(t, db)
	coupons := cart.NewCoupons(db, cart.CouponRules{})
	if _, err := coupons.Keep(t.Context(), "trg_other", "TAKEN", 0, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := coupons.Add(t.Context(), []string{"FREE"}, 0, 1); err != nil {
		t.Fatal(err)
	}
	for n, want := range want {
		got, err := i.Code(t.Context(), cart.CouponRequest{Trigger: "trg_1", Body: []byte(`{"type":"coupon.requested"}`)})
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("attempt %d: %q, want %q", n+1, got, want)
		}
	}
	for _, asked := range shop.asked {
		if asked != `trg_1_coupon https://shop.example/coupons {"type":"coupon.requested"}` {
			t.Errorf("asked %s", asked)
		}
	}
	if len(shop.asked) != len(answers) {
		t.Errorf("asked %d times", len(shop.asked))
	}
	got := strings.Join(strings.Fields(testdb.Rows(t, db, `SELECT COALESCE((SELECT code FROM coupons WHERE trigger_id = 'trg_1'), '-') AS c,
		COALESCE((SELECT reason FROM coupon_requests WHERE trigger_id = 'trg_1'), '-') AS r`))[2:], " ")
	code, why, _ := strings.Cut(rows, " ")
	if w := orDash(code) + " " + orDash(why); got != w {
		t.Errorf("stored %q, want %q", got, w)
	}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// When the program ends while the shop is asked, that is no failure of the shop's.
func TestAskingThatIsBrokenOff(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		shop := &couponShop{answers: []couponReply{{status: 500}}}
		i := shop.issuer(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if code, err := i.Code(ctx, cart.CouponRequest{Trigger: "trg_1"}); code != "" || err == nil {
			t.Errorf("%q, %v", code, err)
		}
		if got := testdb.Rows(t, db, "SELECT trigger_id FROM coupon_requests"); got != "trigger_id\n" {
			t.Errorf("noted\n%s", got)
		}
	})
}

// What the shop gave first stands, on both databases.
func TestTheFirstAnswerStands(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		shop := &couponShop{answers: []couponReply{{status: 200, body: `{"code":"ONE"}`}, {status: 200, body: `{"code":"TWO"}`}, {status: 200, body: `{"code":"ONE"}`}}}
		i := shop.issuer(t, db)
		for _, want := range []string{"ONE", "ONE"} {
			if code, err := i.Code(t.Context(), cart.CouponRequest{Trigger: "trg_1"}); code != want || err != nil {
				t.Errorf("%q, %v", code, err)
			}
		}
		if code, err := i.Code(t.Context(), cart.CouponRequest{Trigger: "trg_2"}); code != "" || err == nil {
			t.Errorf("a code went to two: %q, %v", code, err)
		}
		if got := testdb.Rows(t, db, "SELECT trigger_id, failures, detail FROM coupon_requests"); !strings.Contains(got, "trg_2") || !strings.Contains(got, "given before") {
			t.Errorf("noted\n%s", got)
		}
	})
}

func FuzzCouponAnswer(f *testing.F) {
	for _, body := range []string{`{"code":"A"}`, `{"code":"A","expires_at":"2100-01-01T00:00:00Z"}`, `{"code":null}`, `[]`, `{"expires_at":1}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		code, expires, err := couponAnswer(body, 1)
		if err == nil && (cart.CheckCoupon(code) != nil || expires < 0) {
			t.Errorf("%q gives %q, %d", body, code, expires)
		}
	})
}
