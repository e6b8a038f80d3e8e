package recommend

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cartwright/sessions"
)

// traffic is seeded browsing of some shoppers over some days, as it arrives: some
// of it late, with a catalog, logins, bots and orders among it.
func traffic(n int) []*sessions.Event {
	random := rand.New(rand.NewPCG(7, 11))
	at := began
	events := make([]*sessions.Event, 0, n)
	for len(events) < n {
		at = at.Add(time.Duration(random.IntN(60)) * time.Second)
		item := fmt.Sprint("p", random.IntN(40)*random.IntN(40)/40)
		if random.IntN(30) == 0 {
			p := sessions.Product{ID: sessions.ProductID(item), Name: "Product " + item, Hidden: random.IntN(8) == 0}
			e := entry(p)
			e.Received = at
			events = append(events, e)
			continue
		}
		who := random.IntN(12)
		kinds := []sessions.Kind{sessions.ProductViewed, sessions.ProductViewed, sessions.Page, sessions.ProductAdded, sessions.OrderCompleted}
		e := event(kinds[random.IntN(len(kinds))], fmt.Sprint("v", who), item, fmt.Sprint("p", random.IntN(40)))
		e.Received, e.Occurred = at, at
		switch random.IntN(12) {
		case 0:
			e.Occurred = at.Add(-time.Duration(random.IntN(120)) * time.Minute)
		case 1:
			e.Customer = sessions.CustomerID(fmt.Sprint("c", who/2))
		case 2:
			e.Email = sessions.Email(fmt.Sprintf("v%d@x.example", who))
		case 3:
			e.Campaign = &sessions.Campaign{Name: fmt.Sprint(random.IntN(2))}
		case 4:
			e.Bot = random.IntN(3) == 0
		}
		if random.IntN(200) == 0 {
			at = at.Add(5 * time.Hour)
		}
		events = append(events, e)
	}
	return events
}

// answers asks everything there is to ask of traffic.
func answers(t testing.TB, r *Recommender) string {
	var b strings.Builder
	for i := range 13 {
		for _, q := range []Request{
			{Context: Home, N: 12}, {Context: Cart}, {Context: Product, Item: sessions.ProductID(fmt.Sprint("p", i))},
		} {
			q.Anonymous = sessions.AnonymousID(fmt.Sprint("v", i))
			if i%3 == 0 {
				q.Customer = sessions.CustomerID(fmt.Sprint("c", i/2))
			}
			fmt.Fprintf(&b, "%+v\n", q)
			for _, item := range recommended(t, r, q) {
				fmt.Fprintln(&b, item.ID, item.Score, item.Strategy, item.Reason, item.Product != nil)
			}
		}
	}
	return b.String()
}
