package recommend

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"cartwright/sessions"
)

// month is thirty days of a shop in seconds: each day has new shoppers and some who come
// back, new products beside old ones, carts, orders, and questions in between.
type month struct {
	r      *Recommender
	random *rand.Rand
	zipf   *rand.Zipf
	seq    sessions.Seq
}

const (
	monthDays     = 30
	monthVisits   = 9_000 // a day
	monthProducts = 2_000 // at a time, of which a thirtieth is replaced a day
)

// day lets one day pass.
func (m *month) day(t *testing.T, day int) {
	start := began.Add(time.Duration(day) * 24 * time.Hour)
	var batch []*sessions.Event
	flush := func() {
		if err := m.r.take(batch); err != nil {
			t.Fatal(err)
		}
		batch = batch[:0]
	}
	for i := range monthProducts / 30 {
		m.seq++
		e := entry(sessions.Product{ID: m.product(day, monthProducts-1-i), Name: fmt.Sprintf("Thing %d of day %d", i, day), Category: fmt.Sprint("c", i%20)})
		e.Seq, e.Received = m.seq, start
		batch = append(batch, e)
	}
	for visit := range monthVisits {
		visitor := sessions.VisitorID(1 + day*monthVisits + visit)
		if m.random.IntN(3) == 0 { // somebody who was there before
			visitor = sessions.VisitorID(1 + max(0, day-1-m.random.IntN(7))*monthVisits + m.random.IntN(monthVisits))
		}
		who := fmt.Sprint("v", visitor)
		at := start.Add(time.Duration(visit) * 24 * time.Hour / monthVisits)
		for range 1 + m.random.IntN(7) {
			kind := sessions.ProductViewed
			switch m.random.IntN(20) {
			case 0, 1:
				kind = sessions.ProductAdded
			case 2:
				kind = sessions.OrderCompleted
			}
			m.seq++
			at = at.Add(20 * time.Second)
			e := event(kind, who, string(m.product(day, int(m.zipf.Uint64()))))
			e.Seq, e.Visitor, e.Occurred, e.Received, e.Address = m.seq, visitor, at, at, fmt.Sprintf("10.%d.%d.0", visitor%97, visitor%89)
			batch = append(batch, e)
		}
		if len(batch) >= followBatch {
			flush()
			asked(t, m.r, Request{Context: Home, Anonymous: sessions.AnonymousID(who)})
			asked(t, m.r, Request{Context: Product, Item: m.product(day, visit%100)})
		}
	}
	flush()
}

// product is the one at a place of the assortment of a day.
func (m *month) product(day, place int) sessions.ProductID {
	return sessions.ProductID(fmt.Sprint("p", day*monthProducts/30+monthProducts-place))
}

// TestAMonthPassesInTheSameMemory fills the window, and what is remembered of shoppers, in
// the first half of a month: from then on memory stays where it is, whatever comes and goes.
func TestAMonthPassesInTheSameMemory(t *testing.T) {
	if raceEnabled() {
		t.Skip("one goroutine only, and a month takes it ten minutes")
	}
	random := rand.New(rand.NewPCG(30, 1))
	m := &month{
		r:      NewRecommender(nil, Options{Limits: Limits{Clicks: 7 * 4 * monthVisits, SessionClicks: 500}}),
		random: random, zipf: rand.NewZipf(random, 1.05, 4, monthProducts-1),
	}
	m.r.memory.streams.Resize(40_000) // so that its bounds are met in the first half of the month
	m.r.memory.holdings.Resize(20_000)
	m.r.memory.orders.Resize(10_000)
	var heap, index [monthDays]int64
	for day := range monthDays {
		m.day(t, day)
		var s runtime.MemStats
		runtime.GC()
		runtime.GC() // what pools held is gone after the second
		runtime.ReadMemStats(&s)
		heap[day], index[day] = int64(s.HeapAlloc), m.r.Stats().Bytes
	}
	runtime.KeepAlive(m)
	s := m.r.Stats()
	t.Logf("%d events; %d sessions, %d clicks, %d items; MB held by day: %v", m.seq, s.Sessions, s.Clicks, s.Items, inMegabytes(heap[:]))
	if s.Clicks > m.r.options.Limits.Clicks {
		t.Errorf("%d clicks are kept", s.Clicks)
	}
	if was, is := average(heap[15:20]), average(heap[25:]); is > was*11/10 {
		t.Errorf("%d bytes were held in the third week, and %d in the last one", was, is)
	}
	if was, is := average(index[8:13]), average(index[25:]); is > was*11/10 {
		t.Errorf("the index had %d bytes in the second week, and %d in the last one", was, is)
	}
}

func average(list []int64) (sum int64) {
	for _, n := range list {
		sum += n
	}
	return sum / int64(len(list))
}

func inMegabytes(bytes []int64) (list []int64) {
	for _, n := range bytes {
		list = append(list, n>>20)
	}
	return list
}
