package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"time"

	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// tellHistory imports the sample's past and says what became of it.
func (t *tour) tellHistory(ctx context.Context, history []byte) error {
	t.say("Cartwright is running on %s with a new database, at %s.", "embedded SQLite", t.front.address)
	t.chapter(1, "The past: real sales of a British gift shop")
	began := time.Now()
	sum, err := importFiles(ctx, t.shop.db, t.shop.log, importOptions{
		format: "online-retail", currency: "GBP", files: []wire.File{{Name: "sample", Reader: bytes.NewReader(history)}}, progress: t.progress, rejected: io.Discard,
	})
	if err != nil {
		return err
	}
	stats, err := t.shop.Stats(ctx)
	if err != nil {
		return err
	}
	t.say("%s rows of invoices read in %.1f s, %s of them accepted; the others are returns of nothing, postage and\nwrite-offs, kept aside with their reasons.",
		thousands(int64(sum.Read)), time.Since(began).Seconds(), thousands(int64(sum.Accepted)))
	t.say("They make %s sessions of %s visitors with %s orders.", thousands(stats.Sessions), thousands(stats.Visitors), thousands(stats.Orders))
	return nil
}

// tellRecommendations asks for what goes with some of the best known products.
func (t *tour) tellRecommendations(ctx context.Context) error {
	t.chapter(2, "Recommendations, each with its reason")
	for _, product := range t.known(3) {
		items, err := t.front.recommend(ctx, product.code, 3)
		if err != nil {
			return err
		}
		t.say("With %s:", product.name)
		for _, item := range items {
			t.say("    %-38s %s", item.name(), item.Reason)
		}
	}
	t.say("\nAsk for yourself what goes with any product:\n    GET /v1/recommendations?context=product&item=%s", t.known(1)[0].code)
	return nil
}

// known returns the products that most of the tour's carts contain.
func (t *tour) known(n int) []invoiceLine {
	count, first := map[string]int{}, map[string]invoiceLine{}
	for _, i := range t.live {
		for _, line := range i.lines {
			count[line.code]++
			if _, seen := first[line.code]; !seen {
				first[line.code] = line
			}
		}
	}
	return mostCounted(count, first, n)
}

// tellCarts replays the last invoices as carts, and pays every second one.
func (t *tour) tellCarts(ctx context.Context) error {
	t.chapter(3, "The present: twenty carts, ten of them paid")
	for n, i := range t.live {
		if err := t.front.putCart(ctx, i); err != nil {
			return err
		}
		if n < 3 {
			t.say("    PUT /v1/carts/cart-%s   customer %s puts %s in the cart, %s", i.number, i.customer, products(len(i.lines)), pounds(i.value()))
		}
	}
	t.say("    … and %d more", len(t.live)-3)
	paid := int64(0)
	for n, i := range t.live {
		if n%2 == 1 {
			continue
		}
		if err := t.front.postOrder(ctx, i); err != nil {
			return err
		}
		paid += i.value()
	}
	t.say("    POST /v1/orders            %d of them are paid, %s in all; the others are left behind", len(t.live)/2, pounds(paid))
	return nil
}

func products(n int) string {
	if n == 1 {
		return "one product"
	}
	return fmt.Sprintf("%d products", n)
}

// tellAbandonment waits for the cron job and the webhooks it leads to.
func (t *tour) tellAbandonment(ctx context.Context) error {
	t.chapter(4, "The cron job: who left a cart behind?")
	t.say("A cart counts as abandoned after %s here; a shop would say an hour. Every second a job looks at what is due …", tourWait)
	half := len(t.live) / 2
	err := until(ctx, "the webhooks", func() bool {
		return len(t.receiver.of("cart.abandoned")) >= half && len(t.receiver.of("cart.converted")) >= half
	})
	if err != nil {
		return err
	}
	total := int64(0)
	for _, hook := range t.receiver.of("cart.abandoned") {
		total += hook.Data.Cart.Value
	}
	t.say("… and finds %d, worth %s. The shop's receiver got a signed webhook for each of them:", half, pounds(total))
	for _, hook := range t.receiver.of("cart.abandoned")[:3] {
		t.say("    cart.abandoned   %s of customer %s, %s", hook.Data.Cart.Name, hook.Data.Visitor.Customer, pounds(hook.Data.Cart.Value))
	}
	t.say("    … and %d more. For the carts that were paid it got %d cart.converted.", half-3, len(t.receiver.of("cart.converted")))
	return nil
}

// tellReturn lets one shopper come back.
func (t *tour) tellReturn(ctx context.Context) error {
	t.chapter(5, "One of them comes back")
	back := t.live[1]
	if err := t.front.postOrder(ctx, back); err != nil {
		return err
	}
	if err := until(ctx, "cart.recovered", func() bool { return len(t.receiver.of("cart.recovered")) == 1 }); err != nil {
		return err
	}
	t.say("Customer %s pays cart-%s after all: cart.recovered, %s won back.", back.customer, back.number, pounds(back.value()))
	return nil
}

// tellProof checks what was said.
func (t *tour) tellProof(ctx context.Context) error {
	t.chapter(6, "Is all of that true?")
	if err := t.shop.follower.WaitFor(ctx, t.shop.log.Head().Seq); err != nil {
		return err
	}
	v, err := sessions.Verify(ctx, t.shop.db, projections(t.shop.db))
	if err != nil {
		return err
	}
	if len(v.Differences) > 0 || t.receiver.rejections() > 0 {
		return fmt.Errorf("it is not: %d webhooks were refused, and %v", t.receiver.rejections(), v.Differences)
	}
	hooks := 0
	for _, kind := range []string{"cart.abandoned", "cart.converted", "cart.recovered"} {
		hooks += len(t.receiver.of(kind))
	}
	t.say("Every one of the %d webhooks was verified by the official Standard Webhooks library; none was refused.", hooks)
	t.say("All %s rows were built again from the log of %s events and compared: no difference.", thousands(v.Rows), thousands(int64(v.Head)))
	return nil
}

// tellNext says how to go on.
func (t *tour) tellNext() {
	t.say(`
What next?

    go run ./cmd/cartwright serve

starts Cartwright for your shop on port 8080 and prints two keys. Give the write
key to the storefront and the secret key to the backend; the README shows the
first events. The tour's database is gone; nothing was left on this machine.`)
}
