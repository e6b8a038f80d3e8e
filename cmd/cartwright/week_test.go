package main

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cartwright/cart/flow"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// decidedInAWeek is what is decided in it.
const decidedInAWeek = `
cart  step  outcome   reason            decided_at
anna  0     trigger   idle              "03-25 18:00"
anna  1     trigger   idle              "03-25 18:00"
ben   0     trigger   idle              "03-25 20:00"
ben   1     hold      quiet_hours       "03-25 20:00"
ben   1     trigger   idle              "03-26 06:00"
anna  2     hold      frequency_cap     "03-26 17:00"
ben   2     suppress  order_of_visitor  "03-26 19:00"
anna  2     hold      quiet_hours       "03-27 00:00"
anna  2     trigger   idle              "03-27 06:00"
dora  0     trigger   idle              "03-30 10:00"
dora  1     skip      overdue           "03-30 10:00"
dora  2     trigger   idle              "03-30 10:00"
anna  3     trigger   idle              "03-30 10:00"
dora  3     hold      frequency_cap     "03-31 09:00"
dora  3     trigger   idle              "03-31 16:00"
`

// A week of a sequence of three steps, in which the clocks are changed, somebody buys,
// steps are held by the night and by the cap, and the program is stopped for two days.
// It runs for some seconds an hour, which is a restart each time: what is due stands in the
// database, whoever looks.
func TestWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := webhook.NewSecret().Reveal()
		shopServer, err := newReceiver(secret)
		if err != nil {
			t.Fatal(err)
		}
		config := defaultConfig()
		config.Database = filepath.Join(t.TempDir(), "shop.db")
		config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
		config.Webhooks = []string{"https://shop.example/hooks " + secret}
		config.DetectSchedule, config.DeliverSchedule = "@every 5s", "@every 5s"
		if err := config.Timezone.Set("Europe/Berlin"); err != nil {
			t.Fatal(err)
		}
		if config.Flows.flows, err = flow.Parse([]byte(`- {name: carts, kind: cart, quiet_hours: "21:00-08:00", frequency_cap: 30h}`)); err != nil {
			t.Fatal(err)
		}
		open := func() *Shop {
			shop, err := OpenShop(t.Context(), config, ShopOptions{Transport: &line{receiver: shopServer, when: map[string]time.Time{}}})
			if err != nil {
				t.Fatal(err)
			}
			return shop
		}
		hour := time.Date(2000, 3, 25, 17, 0, 0, 0, time.UTC) // a Saturday; in the night after it the clocks go on from 2 to 3
		time.Sleep(time.Until(hour))
		happens := map[string]func(*Shop){
			"03-25 17": func(shop *Shop) { put(t, shop, "/v1/carts/anna", cartOf("anna")) },
			"03-25 19": func(shop *Shop) { put(t, shop, "/v1/carts/ben", cartOf("ben")) },
			"03-26 12": func(shop *Shop) {
				post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", "o1", "cart_id", "another", "total", 500))
			},
			"03-28 09": func(shop *Shop) { put(t, shop, "/v1/carts/dora", cartOf("dora")) },
		}
		outage := [2]time.Time{time.Date(2000, 3, 28, 10, 0, 0, 0, time.UTC), time.Date(2000, 3, 30, 10, 0, 0, 0, time.UTC)}
		for ; hour.Before(time.Date(2000, 4, 1, 12, 0, 0, 0, time.UTC)); hour = hour.Add(time.Hour) {
			if !hour.Before(outage[0]) && hour.Before(outage[1]) {
				continue
			}
			time.Sleep(time.Until(hour))
			shop := open()
			if act := happens[hour.Format("01-02 15")]; act != nil {
				act(shop)
			}
			time.Sleep(17 * time.Second)
			if err := shop.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		shop := open()
		got := testdb.Rows(t, shop.db, `SELECT carts.cart_id AS cart, step, outcome, reason, strftime('%m-%d %H:%M', decided_at / 1000, 'unixepoch') AS decided_at
			FROM decisions JOIN carts ON carts.id = decisions.cart ORDER BY decisions.seq`)
		if aligned(got) != aligned(decidedInAWeek) {
			t.Errorf("decided\n%s\nwant\n%s", got, decidedInAWeek)
		}
		if steps := shopServer.of("recovery.step_due"); len(steps) != 6 || shopServer.rejections() > 0 {
			t.Errorf("%d steps were told, %d refused", len(steps), shopServer.rejections())
		}
		if err := shop.follower.WaitFor(t.Context(), shop.log.Head().Seq); err != nil {
			t.Fatal(err)
		}
		v, err := sessions.Verify(t.Context(), shop.db, projections(shop.db))
		if err != nil || len(v.Differences) > 0 {
			t.Errorf("verify: %v, %v", v.Differences, err)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// aligned writes a table so that only its words count.
func aligned(table string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		lines = append(lines, strings.ReplaceAll(strings.Join(strings.Fields(line), " "), `"`, ""))
	}
	return strings.Join(lines, "\n")
}
