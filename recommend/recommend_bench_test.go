package recommend

import (
	"fmt"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
)

// benchShop is a recommender of a shop with a catalog, 50,000 sessions behind it
// and shoppers in it.
func benchShop(b *testing.B) *Recommender {
	b.Helper()
	r := NewRecommender(openLog(b, testdb.SQLite(b)), Options{})
	var events []*sessions.Event
	for i := range 20_000 {
		item := fmt.Sprintf("product-%d", i)
		events = append(events, entry(sessions.Product{ID: sessions.ProductID(item), Name: item, Category: fmt.Sprint(i / 400)}))
	}
	clicks := synthetic(50_000)
	for _, c := range clicks {
		kind := sessions.ProductViewed
		if c.At%17 == 0 {
			kind = sessions.ProductAdded
		}
		e := event(kind, fmt.Sprint(c.Session), c.Item)
		e.Occurred = began + sessions.Millis(c.At)
		events = append(events, e)
	}
	if err := r.take(numbered(events...)); err != nil {
		b.Fatal(err)
	}
	r.cursor = 0 // of the log, which is empty
	return r
}

// BenchmarkRecommend answers with 20 items for shoppers in the middle of a session.
func BenchmarkRecommend(b *testing.B) {
	r := benchShop(b)
	clicks := synthetic(50_000)
	clicks = clicks[len(clicks)-4096:]
	for _, c := range []Context{Product, Home, Cart} {
		b.Run(string(c), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				click := clicks[i%len(clicks)]
				q := Request{Context: c, Item: sessions.ProductID(click.Item), Anonymous: sessions.AnonymousID(fmt.Sprint(click.Session)), N: 20}
				answer, err := r.Recommend(b.Context(), q)
				if err != nil || len(answer.Items) != 20 {
					b.Fatalf("%d items, %v", len(answer.Items), err)
				}
			}
		})
	}
	b.Run("newcomer", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Recommend(b.Context(), Request{Context: Home, N: 20}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkBestsellersWhileTheLogGoesOn is the answer to a newcomer who is the first
// to ask after each click, which is the most that popularity costs.
func BenchmarkBestsellersWhileTheLogGoesOn(b *testing.B) {
	r := benchShop(b)
	for seq := sessions.Seq(1_000_000); b.Loop(); seq++ {
		e := event(sessions.ProductViewed, "somebody", "product-1")
		e.Seq, e.Occurred = seq, began+500_000_000
		if err := r.take([]*sessions.Event{e}); err != nil {
			b.Fatal(err)
		}
		r.cursor = 0 // of the log, which is empty
		if _, err := r.Recommend(b.Context(), Request{Context: Home, N: 20}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTake is what following costs an event, whatever it is about.
func BenchmarkTake(b *testing.B) {
	r := benchShop(b)
	var events []*sessions.Event
	for i := range 10_000 {
		kind := sessions.Page
		if i%2 == 0 {
			kind = sessions.ProductViewed
		}
		e := event(kind, fmt.Sprint(i*7919%5000), fmt.Sprintf("product-%d", i*31%20_000))
		e.Occurred = began + 500_000_000
		events = append(events, e)
	}
	seq := sessions.Seq(1_000_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e := *events[i%len(events)]
		seq++
		e.Seq = seq
		e.Occurred += sessions.Millis(i)
		if err := r.take([]*sessions.Event{&e}); err != nil {
			b.Fatal(err)
		}
	}
}
