package sessions

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"cartwright/sessions/database"
)

// BenchmarkAppend measures events through the log alone, with commits that wait for the disk.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 20, 100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			db, err := database.Open(b.Context(), filepath.Join(b.TempDir(), "shop.db"), database.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			log, err := OpenLog(b.Context(), db, LogOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			var sender atomic.Int64
			b.SetParallelism(64) // requests under way at once on each core
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				me, n := sender.Add(1), 0
				for pb.Next() {
					n++
					if _, err := log.Append(context.Background(), Batch{Events: browsing(me, n, size)}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// browsing is a request of a shopper who looks at products.
func browsing(sender int64, n, size int) []*Event {
	events := make([]*Event, size)
	for i := range events {
		e := &Event{Kind: ProductViewed, Source: Browser}
		e.MessageID, e.Anonymous = fmt.Sprintf("%d-%d-%d", sender, n, i), AnonymousID(fmt.Sprintf("%d-%d", sender, n/10))
		e.Lines = []Line{{Product: ProductID(fmt.Sprint(i % 50)), Quantity: 1}}
		e.Page = &PageInfo{URL: "https://shop.example/products/wool-socks", Path: "/products/wool-socks", Title: "Wool socks"}
		events[i] = e
	}
	return events
}

func BenchmarkWindow(b *testing.B) {
	key, w := hashKey{1, 2}, newWindow()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h := key.hash("browser", "4f1c2e52-8f5e-4a55-9b7d-"+fmt.Sprint(i))
		if w.has(h) {
			b.Fatal("a new id is known")
		}
		w.add(Millis(i), []uint64{h})
	}
}

// BenchmarkFold measures folding alone: ten events each of as many sessions as are needed, whose
// streams are in memory.
func BenchmarkFold(b *testing.B) {
	f := newFold(0, DefaultSettings())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e := browsing(1, i, 1)[0]
		e.Seq, e.Occurred, e.Visitor = Seq(i+1), Epoch.Add(time.Duration(i)*time.Second), VisitorID(i/10+1)
		if f.streams[e.Stream()] == nil {
			f.streams[e.Stream()] = &stream{}
		}
		if err := f.addOne(e); err != nil {
			b.Fatal(err)
		}
	}
}
