package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// made makes an endpoint that must be possible.
func made(t *testing.T, e *Endpoints, url string, now time.Time, topics ...string) MadeSecret {
	t.Helper()
	m, err := e.Create(t.Context(), Wish{URL: &url, Topics: &topics}, now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refusedAs fails unless an error is a refusal of a code.
func refusedAs(t *testing.T, what string, err error, code string) {
	t.Helper()
	if r, ok := errors.AsType[*Refusal](err); !ok || r.Code != code {
		t.Errorf("%s: %v, want a refusal %s", what, err, code)
	}
}

// However many ask at once, one URL is one endpoint.
func TestOneURLIsOneEndpoint(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		e := NewEndpoints(db, webhook.Options{}, nil)
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			url := []string{"https://a.example", "https://a.example/", "https://A.example:443/", "HTTPS://a.example/"}[i%4]
			group.Go(func() { _, errs[i] = e.Create(t.Context(), Wish{URL: &url}, time.UnixMilli(1)) })
		}
		group.Wait()
		n := 0
		for _, err := range errs {
			if err == nil {
				n++
			} else {
				refusedAs(t, "another", err, "endpoint_exists")
			}
		}
		if n != 1 {
			t.Errorf("made %d", n)
		}
		b := made(t, e, "https://b.example/", time.UnixMilli(1))
		taken := "https://a.example"
		_, err := e.Change(t.Context(), b.ID, Wish{URL: &taken}, time.UnixMilli(2))
		refusedAs(t, "move to another's URL", err, "endpoint_exists")
		for i := range mostEndpoints - 2 {
			made(t, e, fmt.Sprintf("https://c.example/%d", i), time.UnixMilli(1))
		}
		more := "https://d.example/"
		_, err = e.Create(t.Context(), Wish{URL: &more}, time.UnixMilli(1))
		refusedAs(t, "one too many", err, "too_many_endpoints")
	})
}

// An endpoint is told of its topics, and of nothing that goes out by mail alone.
func TestEndpointsAreToldTheirTopics(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil)
		e := NewEndpoints(db, webhook.Options{}, nil)
		made(t, e, "https://all.example/", time.Now())
		made(t, e, "https://some.example/", time.Now(), string(cart.StepDue), string(cart.Recovered))
		hook, mail := []cart.Channel{cart.Webhook}, []cart.Channel{cart.Email}
		for i, tr := range []cart.Trigger{
			{ID: "abandoned", Kind: cart.Abandoned, Channels: hook}, {ID: "recovered", Kind: cart.Recovered, Channels: hook},
			{ID: "step", Kind: cart.StepDue, Channels: hook}, {ID: "mailed", Kind: cart.StepDue, Channels: mail},
			{ID: "step and mail", Kind: cart.StepDue, Channels: append(slices.Clone(mail), hook...)},
		} {
			tr.Seq = sessions.Seq(i + 1)
			p.told.list = append(p.told.list, tr)
		}
		if _, err := p.fanOut(t.Context(), database.Lease{}, 1); err != nil {
			t.Fatal(err)
		}
		got := testdb.Rows(t, db, "SELECT endpoint_id AS endpoint, trigger_id FROM deliveries ORDER BY 1, trigger_seq")
		want := `endpoint  trigger_id
1         abandoned
1         recovered
1         step
1         step and mail
2         recovered
2         step
2         step and mail
`
		if got != want {
			t.Errorf("made\n%swant\n%s", got, want)
		}
	})
}

// Whatever ends an endpoint, what is on the way to it is cancelled, and its URL is free again once it is deleted.
func TestSwitchedOffAndDeletedEndpointsAreSentNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil)
		e := NewEndpoints(db, webhook.Options{}, nil)
		off, gone := made(t, e, "https://off.example/hook", time.Now()), made(t, e, "https://gone.example/hook", time.Now())
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		no := false
		if _, err := e.Change(t.Context(), off.ID, Wish{Enabled: &no}, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := e.Remove(t.Context(), gone.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := e.Remove(t.Context(), gone.ID, time.Now()); !errors.Is(err, sessions.ErrNotFound) {
			t.Errorf("deleted twice: %v", err)
		}
		p.run()
		p.told.add(2, "trg_2")
		p.run()
		p.Close(t.Context())
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         cancelled  0         0     the endpoint is disabled: switched off
trg_1       2         cancelled  0         0     the endpoint is disabled: deleted
`)
		if again := made(t, e, "https://gone.example/hook", time.Now()); again.ID != 3 {
			t.Errorf("made again as %d", again.ID)
		}
		if log, err := e.Delivery(t.Context(), "trg_1", gone.ID); err != nil || log.Status != Cancelled {
			t.Errorf("what was to be delivered to the deleted one: %+v, %v", log, err)
		}
	})
}

// Two secrets sign at most; the older one until its time is over, somebody ends it, or the next comes.
func TestRotation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		e := NewEndpoints(db, webhook.Options{}, nil)
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		m := made(t, e, "https://a.example/", now)
		names := map[string]string{m.Secret: "first"}
		signing := func(at time.Time) string {
			t.Helper()
			row, err := findEndpoint(db.Read(t.Context()), m.ID)
			if err != nil {
				t.Fatal(err)
			}
			secrets, err := row.signing(sessions.MillisOf(at))
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, s := range secrets {
				list = append(list, names[s.Reveal()])
			}
			return strings.Join(list, " ")
		}
		rotate := func(name string, overlap time.Duration, at time.Time) {
			t.Helper()
			made, err := e.Rotate(t.Context(), m.ID, overlap, at)
			if err != nil {
				t.Fatal(err)
			}
			names[made.Secret] = name
		}
		for _, step := range []struct {
			do   func()
			at   time.Duration
			want string
		}{
			{nil, 0, "first"},
			{func() { rotate("second", UsualOverlap, now) }, 0, "second first"},
			{nil, UsualOverlap - time.Millisecond, "second first"},
			{nil, UsualOverlap, "second"},
			{func() { rotate("third", UsualOverlap, now.Add(time.Hour)) }, time.Hour, "third second"},
			{func() { rotate("fourth", UsualOverlap, now.Add(2*time.Hour)) }, 2 * time.Hour, "fourth third"},
			{func() {
				if _, err := e.Retire(t.Context(), m.ID, now); err != nil {
					t.Fatal(err)
				}
			}, 2 * time.Hour, "fourth"},
			{func() { rotate("fifth", 0, now.Add(3*time.Hour)) }, 3 * time.Hour, "fifth"},
			{func() { rotate("sixth", LongestOverlap, now.Add(3*time.Hour)) }, 700 * time.Hour, "sixth fifth"},
			{func() { rotate("seventh", time.Hour, now.Add(5000*time.Hour)) }, 5000 * time.Hour, "seventh sixth"},
		} {
			if step.do != nil {
				step.do()
			}
			if got := signing(now.Add(step.at)); got != step.want {
				t.Errorf("after %s signs %q, want %q", step.at, got, step.want)
			}
		}
		_, err := e.Rotate(t.Context(), m.ID, LongestOverlap+time.Second, now)
		refusedAs(t, "too long an overlap", err, "overlap_refused")
	})
}
