package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// planned are faults drawn from a seed: each message at faulty.example meets up to four refusals
// before it is taken in one of the ways there are; dead.example hangs, gone.example leaves, and
// well.example takes everything.
func planned(seed uint64) func(host, id string, n int) fault {
	return func(host, id string, n int) fault {
		switch host {
		case "dead.example":
			return hangs
		case "gone.example":
			return leaves
		case "well.example":
			return takes
		}
		draw := rand.New(rand.NewPCG(seed, uint64(len(id))<<32|sum(id)))
		refused := draw.IntN(5)
		faults := make([]fault, 0, refused+1)
		for range refused {
			faults = append(faults, refusals()[draw.IntN(len(refusals()))])
		}
		faults = append(faults, []fault{takes, slow, cutBody}[draw.IntN(3)])
		return faults[min(n, len(faults))-1]
	}
}

func sum(text string) (n uint64) {
	for _, b := range []byte(text) {
		n = n*31 + uint64(b)
	}
	return n
}

// connected makes a sink the server of some hosts, and returns what carries messages to it.
func connected(t *testing.T, db *database.DB, clock func() time.Time, s *sink, dial func(context.Context) (net.Conn, error), hosts ...string) *http.Transport {
	t.Helper()
	var wanted []Endpoint
	for _, host := range hosts {
		wanted = append(wanted, Endpoint{URL: "http://" + host + "/hook"})
	}
	made, err := Configure(t.Context(), db, clock(), webhook.Options{AllowPlain: true}, wanted)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range made {
		library, err := standardwebhooks.NewWebhook(e.Secrets[0].Reveal())
		if err != nil {
			t.Fatal(err)
		}
		s.check[hosts[i]] = library.VerifyIgnoringTimestamp
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second,
	}
}

// arrived fails unless every trigger was taken by a host, and the shop was told so.
func arrived(t *testing.T, db *database.DB, s *sink, host string, endpoint int, triggers []string) {
	t.Helper()
	if took := s.took(host); !slices.Equal(took, triggers) {
		t.Errorf("%s took %d of %d messages: %v", host, len(took), len(triggers), took)
	}
	got := testdb.Rows(t, db, fmt.Sprintf("SELECT status, count(*) AS n FROM deliveries WHERE endpoint_id = %d GROUP BY status ORDER BY status", endpoint))
	if want := fmt.Sprintf("status     n\ndelivered  %d\n", len(triggers)); got != want {
		t.Errorf("deliveries to %s\n%swant\n%s", host, got, want)
	}
}

// Over real sockets, with a server that does all that servers do wrong, and a process that dies now and then
// between sending and noting, every message arrives under its one id, and each attempt is on record.
func TestFaultsOverSockets(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		p := newPost(t, db, clock)
		s := newSink(20*time.Millisecond, planned(seed))
		server := httptest.NewServer(s)
		defer server.Close()
		carrier := connected(t, db, clock, s, func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		}, "faulty.example", "gone.example")
		carrier.ResponseHeaderTimeout = 200 * time.Millisecond // who hangs is given up sooner than by the usual limit
		open := func() {
			p.Close(context.Background())
			p.Delivery = NewDelivery(DeliveryOptions{Database: db, Log: p.log, Triggers: p.told, Messages: p.told, Now: clock,
				Sender: webhook.NewSender(webhook.Options{AllowPlain: true, Transport: carrier})})
		}
		open()
		var triggers []string
		for i := range 40 {
			id := fmt.Sprintf("trg_%02d", i)
			triggers = append(triggers, id)
			p.told.add(sessions.Seq(i+1), id)
		}
		killed := 0
		for round := 0; round < 400 && now.Before(p.receiver.begun.Add(12*time.Hour)); round++ {
			if round%3 == 1 { // this time the process dies after it sent, with nothing noted
				c, err := p.claim(t.Context(), 1, database.Lease{}, 0)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range c.attempts {
					p.attempt(a)
				}
				killed += len(c.attempts)
				open()
			}
			p.run()
			p.workers.Wait()
			now = now.Add(max(5*time.Second, time.Duration(round)*20*time.Second))
		}
		arrived(t, db, s, "faulty.example", 1, triggers)
		if len(s.wrong) > 0 {
			t.Errorf("signatures: %v", s.wrong)
		}
		tries := 0
		for key, n := range s.tries {
			if strings.HasPrefix(key, "faulty.example ") {
				tries += n
			}
		}
		recorded := testdb.Rows(t, db, "SELECT count(*) AS n, sum(CASE WHEN result = '' THEN 1 ELSE 0 END) AS lost FROM delivery_attempts WHERE endpoint_id = 1")
		if want := fmt.Sprintf("n lost %d %d", tries, killed); killed == 0 || strings.Join(strings.Fields(recorded), " ") != want {
			t.Errorf("attempts on record\n%s, want %s", recorded, want)
		}
		if got := testdb.Rows(t, db, "SELECT disabled_reason FROM endpoints WHERE id = 2"); !strings.Contains(got, gone) {
			t.Errorf("gone.example: %s", got)
		}
	})
}

// The same with the real limits, under a clock that jumps, with jobs under leases: processes are killed with
// attempts under way, and others go on. Servers that hang or leave keep no other's messages waiting.
func TestFaultsAndKills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		p := newPost(t, db, nil)
		const seed = 7
		s := newSink(10*time.Second, planned(seed))
		lines := newPipes()
		server := &http.Server{Handler: s}
		go server.Serve(lines)
		defer server.Close()
		carrier := connected(t, db, time.Now, s, func(context.Context) (net.Conn, error) { return lines.dial() },
			"faulty.example", "dead.example", "gone.example", "well.example")
		live := func() (*Delivery, func()) {
			d := NewDelivery(DeliveryOptions{Database: db, Log: p.log, Triggers: p.told, Messages: p.told,
				Sender: webhook.NewSender(webhook.Options{AllowPlain: true, Transport: carrier})})
			_, stop := started(t, db, d.Job("@every 10s"))
			return d, stop
		}
		d, stop := live()
		var triggers []string
		told := map[string]time.Time{}
		kills := []time.Duration{time.Second, 13 * time.Second, 40 * time.Second, 7 * time.Minute, 34 * time.Minute, 2 * time.Hour}
		begun := time.Now()
		second := func() {
			if len(kills) > 0 && time.Since(begun) >= kills[0] {
				kills = kills[1:]
				endLeases(t, db)
				d.cancel() // its connections break, and it notes nothing any more
				dead, stopDead := d, stop
				d, stop = live()
				dead.Close(t.Context())
				stopDead()
			}
			pass(time.Second)
		}
		for i := range 60 {
			id := fmt.Sprintf("trg_%02d", i)
			triggers = append(triggers, id)
			told["well.example "+id] = time.Now()
			p.told.add(sessions.Seq(i+1), id)
			second()
			second()
		}
		for time.Since(begun) < 4*time.Hour {
			second()
		}
		d.Close(context.Background())
		stop()
		carrier.CloseIdleConnections()
		arrived(t, db, s, "faulty.example", 1, triggers)
		arrived(t, db, s, "well.example", 4, triggers)
		for key, at := range told {
			if late := s.first[key].Sub(at); late > ClaimTimeout+20*time.Second {
				t.Errorf("%s waited %s beside servers that do not answer", key, late)
			}
		}
		if len(s.wrong) > 0 {
			t.Errorf("signatures: %v", s.wrong)
		}
		if len(s.took("dead.example"))+len(s.took("gone.example")) > 0 {
			t.Error("who takes nothing took something")
		}
		if lost := testdb.Rows(t, db, "SELECT count(*) AS n FROM delivery_attempts WHERE result = ''"); lost == "n\n0\n" {
			t.Error("no attempt was under way when its process was killed: the kills tried nothing")
		}
		s.retried(t)
	})
}

// retried fails unless each refusal was followed by an attempt no sooner than is right.
func (s *sink) retried(t *testing.T) {
	t.Helper()
	seen := map[fault]int{}
	for key, times := range s.times {
		host, id, _ := cut(key)
		for n, at := range times {
			f := s.plan(host, id, n+1)
			seen[f]++
			if f == crowded && n+1 < len(times) && times[n+1].Sub(at) < ClaimTimeout { // it was lost, at the soonest
				t.Errorf("%s was told again %s after Retry-After: 90", key, times[n+1].Sub(at))
			}
		}
	}
	for _, f := range append(refusals(), takes, slow, cutBody, leaves) {
		if seen[f] == 0 {
			t.Errorf("no server %s in this test", f)
		}
	}
}
