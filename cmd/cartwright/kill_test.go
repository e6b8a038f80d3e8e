package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

var kills = flag.Int("kills", 50, "how often the kill test kills the program")

// killedClients send at the same time; killedBatch events a request.
const (
	killedClients = 8
	killedBatch   = 20
)

// A sender sends batches, and remembers which were acknowledged. A batch whose
// answer it did not see it sends again, as clients do.
type sender struct {
	name         int
	next         int
	pending      []byte // sent, not acknowledged
	pendingIDs   []string
	acknowledged []string
}

// batch makes the next batch: shoppers who look, put things into carts and
// sometimes pay.
func (s *sender) batch() {
	type item map[string]any
	items := make([]item, killedBatch)
	s.pendingIDs = nil
	for i := range items {
		id := fmt.Sprintf("m%d-%d", s.name, s.next)
		shopper := fmt.Sprintf("shopper-%d-%d", s.name, s.next/killedBatch)
		properties := item{"product_id": fmt.Sprintf("p%d", s.next%97), "price": 9.99, "quantity": 1}
		event := "Product Viewed"
		switch {
		case i%5 == 1:
			event = "Product Added"
		case i == killedBatch-1 && s.next%2 == 0:
			event = "Order Completed"
			properties = item{"order_id": "o" + id, "total": 9.99, "products": []item{properties}}
		}
		items[i] = item{"type": "track", "event": event, "messageId": id, "anonymousId": shopper, "properties": properties}
		s.pendingIDs = append(s.pendingIDs, id)
		s.next++
	}
	s.pending, _ = json.Marshal(item{"batch": items})
}

// run sends until the program is gone.
func (s *sender) run(address string) {
	for s.send(address) != nil {
	}
}

// send sends the next batch, or the last one again if it was not acknowledged, and returns the answer,
// nil if there is none.
func (s *sender) send(address string) *http.Response {
	if s.pending == nil {
		s.batch()
	}
	request, err := http.NewRequest(http.MethodPost, address+"/v1/batch", bytes.NewReader(s.pending))
	if err != nil {
		return nil
	}
	request.SetBasicAuth(testWriteKey, "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusOK {
		s.acknowledged = append(s.acknowledged, s.pendingIDs...)
		s.pending = nil
	}
	return response
}

// killRepeatedly runs the program under ingest, kills it at random moments and
// returns the database and all that was acknowledged.
func killRepeatedly(t *testing.T, binary string, times int) (db string, acknowledged []string) {
	t.Helper()
	db = filepath.Join(t.TempDir(), "shop.db")
	senders, random := newSenders(t)
	for range times {
		p := serveBinary(t, binary, "--db", db, "--cart-wait", "100ms", "--detect-schedule", "@every 1s")
		var clients sync.WaitGroup
		for _, s := range senders {
			clients.Go(func() { s.run(p.address) })
		}
		time.Sleep(time.Duration(100+random.IntN(1500)) * time.Millisecond) // the moment of the kill is the input
		_ = p.end(t, os.Kill)
		clients.Wait()
	}
	p := serveBinary(t, binary, "--db", db) // it comes up again, and ends in peace
	if err := p.end(t, os.Interrupt); err != nil {
		t.Errorf("the last run: %v", err)
	}
	return db, acknowledgedBy(senders)
}

// occurrences counts how often each message id stands in the log.
func occurrences(t *testing.T, path string) map[string]int {
	t.Helper()
	count := map[string]int{}
	eachEvent(t, path, func(e *sessions.Event) {
		if e.MessageID != "" {
			count[e.MessageID]++
		}
	})
	return count
}

// eachEvent reads a log from its beginning.
func eachEvent(t *testing.T, path string, f func(*sessions.Event)) {
	t.Helper()
	db, err := database.Open(t.Context(), path, database.Options{Durability: database.Off}) // nothing is written
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for after := sessions.Seq(0); ; {
		events, err := sessions.ReadEvents(db.Read(t.Context()), after, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			f(e)
		}
		after = events[len(events)-1].Seq
	}
}

func lost(count map[string]int, acknowledged []string) (n int) {
	for _, id := range acknowledged {
		if count[id] == 0 {
			n++
		}
	}
	return n
}

func TestKill(t *testing.T) {
	db, acknowledged := killRepeatedly(t, build(t, ""), *kills)
	checkKept(t, db, *kills, acknowledged)
}

// checkKept fails unless a database holds every acknowledged event, once, and all that follows from the
// log is as it says.
func checkKept(t *testing.T, db string, faults int, acknowledged []string) {
	t.Helper()
	count := occurrences(t, db)
	t.Logf("%d faults, %d events acknowledged, %d in the log", faults, len(acknowledged), len(count))
	if len(acknowledged) < 100*faults {
		t.Errorf("only %d events were acknowledged: the test did not test", len(acknowledged))
	}
	if n := lost(count, acknowledged); n > 0 {
		t.Errorf("%d acknowledged events are lost", n)
	}
	for id, n := range count {
		if n > 1 {
			t.Errorf("event %s is in the log %d times", id, n)
		}
	}
	if v := invoke[struct{ Differences []string }](t, "verify", "--json", "--db", db); len(v.Differences) > 0 {
		t.Errorf("verify: %v", v.Differences)
	}
	checkTriggersOnce(t, db)
}

// checkTriggersOnce fails if an episode of a cart was told twice, or never any.
func checkTriggersOnce(t *testing.T, path string) {
	t.Helper()
	if n, twice := triggersIn(t, path); n == 0 || twice > 0 {
		t.Errorf("%d triggers, %d of them twice", n, twice)
	}
}

// triggersIn counts what was decided to be told, and what was decided so before: from the log, which unlike
// the table of triggers would take a second one.
func triggersIn(t *testing.T, path string) (n, twice int) {
	t.Helper()
	decided := map[string]bool{}
	eachEvent(t, path, func(e *sessions.Event) {
		if e.Kind != sessions.DecisionMade {
			return
		}
		var d cart.Decision
		if err := json.Unmarshal(e.Data, &d); err != nil {
			t.Fatal(err)
		}
		if d.Dry || d.Outcome != cart.Fire {
			return
		}
		n++
		key := fmt.Sprint(d.Cart, d.Episode, d.Flow, d.Step)
		if decided[key] {
			twice++
		}
		decided[key] = true
	})
	return n, twice
}

// The control: a program that acknowledges before it commits must be caught. Not
// every kill catches it: what was written already, a killed process does not
// lose, so only the time before the write counts, about a third.
func TestKillControl(t *testing.T) {
	binary := build(t, "ackearly")
	for range 40 {
		db, acknowledged := killRepeatedly(t, binary, 1)
		if n := lost(occurrences(t, db), acknowledged); n > 0 {
			t.Logf("%d of %d events that were acknowledged too early are lost, as they must be", n, len(acknowledged))
			return
		}
	}
	t.Error("acknowledging before the commit lost nothing: the kill test cannot fail")
}
