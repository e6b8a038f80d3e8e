package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/postoffice"
	"cartwright/fixtures/testdb"
	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// couponServer is a shop's server that is told of steps, and asked for codes.
type couponServer struct {
	mu    sync.Mutex
	asked []string       // ids of requests for codes
	steps map[string]any // the step that each cart's message told
	fails int            // how many requests fail first
}

// RoundTrip answers /coupons with a code, and takes every other message.
func (s *couponServer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if r.URL.Path != "/coupons" {
		var m cart.Message
		if err := json.Unmarshal(body, &m); err == nil && m.Type == cart.StepDue {
			s.steps[string(*m.Data.Cart.Name)] = *m.Data.Step
		}
		return answer, err
	}
	s.asked = append(s.asked, r.Header.Get("Webhook-Id"))
	if s.fails > 0 {
		s.fails--
		answer.StatusCode = http.StatusInternalServerError
		return answer, nil
	}
	answer.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(`{"code":"SHOP-%d"}`, len(s.asked))))
	return answer, nil
}

func (s *couponServer) step(name string) (step cart.MessageStep, told bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step, told = s.steps[name].(cart.MessageStep)
	return step, told
}

// couponing lets the shop's flow carry codes, by mail and to a server.
func couponing(t *testing.T, server *couponServer, logs io.Writer) func(*Config, *ShopOptions) {
	server.steps = map[string]any{}
	return func(c *Config, o *ShopOptions) {
		var err error
		c.Flows.flows, err = flow.Parse([]byte(`
- {name: carts, kind: cart, wait: 1ms, steps: [{offset: 0s, channels: [email, webhook], coupon: true}], coupon_on_first_step: true}`))
		if err != nil {
			t.Fatal(err)
		}
		c.Webhooks = []string{"https://shop.example/hooks"}
		o.Transport, o.Logger = server, slog.New(slog.NewTextHandler(logs, nil))
	}
}

// A mail and the message to the endpoints carry the same code of the pool; with an
// empty pool they go without, which shows.
func TestAMailCarriesACodeOfThePool(t *testing.T) {
	for _, dialect := range bothDialects {
		t.Run(string(dialect), func(t *testing.T) {
			office, server, logs := postoffice.Open(t, postoffice.Options{}), &couponServer{}, &lockedBuffer{}
			url := freshURL(t, dialect)
			shop := mailingShop(t, url, office, couponing(t, server, logs))
			defer closeShop(t, shop)
			post(t, shop, "/v1/coupons", map[string]any{"codes": []string{"POOL-1"}})
			if left := gathered(t, shop)["cartwright_coupons_left"]; left != 1 {
				t.Errorf("%v codes are left", left)
			}
			furnish(t, shop)
			eventually(t, "mail and messages", func() bool {
				_, first := server.step("c1")
				_, second := server.step("c2")
				return first && second && len(office.Letters()) > 0
			})
			_, text, page := unfolded(t, office.Letters()[0])
			first, _ := server.step("c1")
			second, _ := server.step("c2")
			mailed := strings.Contains(text, "Your code: POOL-1") && strings.Contains(page, "POOL-1")
			if first.Coupon+second.Coupon != "POOL-1" || mailed != (first.Coupon == "POOL-1") || first.CouponWanted || second.CouponWanted {
				t.Errorf("told %+v and %+v, mailed %v:\n%s", first, second, mailed, text)
			}
			list := invoke[couponList](t, "coupons", "--json", "--db", url)
			if list.Left != 0 || list.Issued != 1 || len(list.Data) != 1 || list.Data[0].Code != "POOL-1" || len(list.Without) != 1 || list.Without[0].Reason != cart.NoCouponLeft {
				t.Errorf("%+v", list)
			}
			if left, told := gathered(t, shop)["cartwright_coupons_left"]; left != 0 || !told {
				t.Errorf("%v codes are left, %v", left, told)
			}
			if n := strings.Count(logs.String(), "no coupon code is left"); n != 1 {
				t.Errorf("said %d times:\n%s", n, logs.String())
			}
			found, _ := doctored(t, url)
			if len(found["warning coupons"]) != 2 {
				t.Errorf("the doctor found %+v", found)
			}
		})
	}
}

// Where the shop makes codes it is asked before the mail goes, again when it fails, and
// the endpoints are told that a code is wanted.
func TestAMailCarriesACodeOfTheShop(t *testing.T) {
	for _, dialect := range bothDialects {
		t.Run(string(dialect), func(t *testing.T) {
			office, server := postoffice.Open(t, postoffice.Options{}), &couponServer{}
			shop := mailingShop(t, freshURL(t, dialect), office, couponing(t, server, io.Discard), func(c *Config, _ *ShopOptions) {
				c.CouponURL, c.CouponSecret = "https://shop.example/coupons", webhook.NewSecret().Reveal()
			})
			defer closeShop(t, shop)
			furnish(t, shop)
			eventually(t, "mail and message", func() bool {
				_, told := server.step("c1")
				return told && len(office.Letters()) > 0
			})
			_, text, page := unfolded(t, office.Letters()[0])
			if !strings.Contains(text, "Your code: SHOP-1") || !strings.Contains(page, "SHOP-1") {
				t.Errorf("mailed:\n%s", text)
			}
			if step, _ := server.step("c1"); !step.CouponWanted || step.Coupon != "" {
				t.Errorf("told %+v", step)
			}
			if got := testdb.Rows(t, shop.db, "SELECT code, (SELECT trigger_id FROM mails) || '_coupon' AS id FROM coupons"); len(server.asked) != 1 || !strings.Contains(got, "SHOP-1  "+server.asked[0]) {
				t.Errorf("asked %q, stored\n%s", server.asked, got)
			}
		})
	}
}

// A crash after the code was stored and before the mail was sent: the next attempt
// carries the same one, and the shop is not asked again. Until it answers the mail waits.
func TestTheCodeOutlivesACrash(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{})
	server := &couponServer{fails: 1}
	shop := mailingShop(t, freshURL(t, database.SQLite), office, couponing(t, server, io.Discard), func(c *Config, _ *ShopOptions) {
		c.CouponURL, c.CouponSecret, c.MailSchedule = "https://shop.example/coupons", webhook.NewSecret().Reveal(), "@every 10h" // the test composes
	})
	defer closeShop(t, shop)
	furnish(t, shop)
	var step cart.Trigger
	eventually(t, "the trigger", func() bool {
		list, err := shop.carts.TriggersAfter(shop.db.Read(t.Context()), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, trigger := range list {
			if trigger.Kind == cart.StepDue && trigger.Goes(cart.Email) {
				step = trigger
			}
		}
		return step.ID != ""
	})
	written := func() string {
		var writing jobs.Writing
		err := shop.db.Write(t.Context(), func(tx *gorm.DB) (err error) {
			writing, _, err = shop.mailing.Composer.Compose(tx, step, sessions.MillisOf(time.Now()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		message, err := writing(t.Context())
		if err != nil {
			return err.Error()
		}
		return string(message.Data)
	}
	if said := written(); !strings.Contains(said, "the endpoint answered 500") {
		t.Errorf("while the shop fails: %s", said)
	}
	for range 2 {
		if letter := written(); !strings.Contains(letter, "SHOP-2") {
			t.Errorf("without the code:\n%s", letter)
		}
	}
	if len(server.asked) != 2 || server.asked[0] != server.asked[1] {
		t.Errorf("asked %q", server.asked)
	}
}

// Codes are added from files and from standard input, and mistakes are told.
func TestAddingCoupons(t *testing.T) {
	url := testdb.SQLiteURL(t)
	file := filepath.Join(t.TempDir(), "codes.txt")
	if err := os.WriteFile(file, []byte("\ufeffA-1\r\nB-2\n\n  A-1  \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := printed(t, nil, "coupons", "add", file, "--db", url); got != "2 codes were added, 1 were known.\n" {
		t.Error(got)
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"coupons", "add", "-", "--json", "--expires", "2100-01-01T00:00:00Z", "--db", url}, streams{strings.NewReader("C-3\nB-2\n"), &out, &errs, nil}); code != exitDone || strings.Join(strings.Fields(out.String()), "") != `{"added":1,"known":["B-2"]}` {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
	if got := printed(t, nil, "coupons", "--db", url); got != "3 coupon codes are left, 0 were issued, 0 expired.\n" {
		t.Error(got)
	}
	if err := os.WriteFile(file, []byte("D-4\nnot one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"line 2: the code has a blank":                 {file},
		"takes one file":                               {},
		"is no time such as":                           {file, "--expires", "tomorrow"},
		"there is no code in -":                        {"-"},
		"the codes must be good for more than 24h0m0s": {writeFile(t, "E-5"), "--expires", time.Now().Add(time.Hour).Format(time.RFC3339)},
	} {
		if said := told(t, nil, exitUsage, append([]string{"coupons", "add", "--db", url}, args...)...); !strings.Contains(said, want) {
			t.Errorf("%v: %s", args, said)
		}
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// What cannot work is refused before the shop opens.
func TestSettingsOfCoupons(t *testing.T) {
	secret := webhook.NewSecret().Reveal()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"as usual":             {func(*Config) {}, ""},
		"a shop that is asked": {func(c *Config) { c.CouponURL, c.CouponSecret = "https://shop.example/c", secret }, ""},
		"no secret":            {func(c *Config) { c.CouponURL = "https://shop.example/c" }, "coupon-secret: a webhook secret begins"},
		"no address":           {func(c *Config) { c.CouponSecret = secret }, "coupon-secret: it signs nothing"},
		"unencrypted":          {func(c *Config) { c.CouponURL, c.CouponSecret = "http://shop.example/c", secret }, "coupon-url: endpoint http://shop.example/c: unencrypted"},
		"this machine":         {func(c *Config) { c.CouponURL, c.CouponSecret = "https://127.0.0.1/c", secret }, "coupon-url: endpoint 127.0.0.1"},
		"no pause":             {func(c *Config) { c.CouponPause = 0 }, "coupon-pause: 0s is not between an hour and a year"},
	} {
		c := defaultConfig()
		tt.change(&c)
		err := c.check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
