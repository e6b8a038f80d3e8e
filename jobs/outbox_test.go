package jobs

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// told stands in for the carts: a list of triggers, and which are wrong by now.
type told struct {
	mu    sync.Mutex
	list  []cart.Trigger
	wrong map[string]string // trigger ids and the reasons

	sending []string // what was rechecked, beside which others
}

func (s *told) add(seq sessions.Seq, ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.list = append(s.list, cart.Trigger{ID: id, Seq: seq, Kind: cart.Abandoned, Channels: []cart.Channel{cart.Webhook}})
	}
}

func (s *told) suppress(id, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong[id] = reason
}

func (s *told) TriggersAfter(_ *gorm.DB, after sessions.Seq, limit int) ([]cart.Trigger, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(t cart.Trigger) bool { return t.Seq > after })
	if i < 0 {
		return nil, nil
	}
	end := min(len(s.list), i+limit)
	for end < len(s.list) && s.list[end].Seq == s.list[end-1].Seq {
		end++
	}
	return slices.Clone(s.list[i:end]), nil
}

func (s *told) UntoldAfter(tx *gorm.DB, after sessions.Seq) (untold []cart.Untold, err error) {
	list, err := s.TriggersAfter(tx, after, 1<<20)
	for _, t := range list {
		untold = append(untold, cart.Untold{Kind: t.Kind, Channels: t.Channels, Count: 1, Oldest: t.At})
	}
	return untold, err
}

func (s *told) Recheck(_ *gorm.DB, t cart.Trigger, _ sessions.Millis, sending []string) (cart.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = append(s.sending, fmt.Sprint(t.ID, " beside ", sending))
	if reason, wrong := s.wrong[t.ID]; wrong {
		return cart.Verdict{Outcome: cart.Suppress, Reason: cart.Reason(reason)}, nil
	}
	return cart.Verdict{Outcome: cart.Fire}, nil
}

func (s *told) Message(_ *gorm.DB, t cart.Trigger) (cart.Message, error) {
	return cart.Message{Type: t.Kind, Data: cart.MessageData{TriggerID: t.ID}}, nil
}

// receiver stands in for the shops' servers, inside the process.
type receiver struct {
	mu     sync.Mutex
	begun  time.Time
	now    func() time.Time
	got    []string                         // each attempt: when, host, id
	answer func(host string, n int) *answer // n: the number of the attempt at this host, from 1
	counts map[string]int
	verify map[string]verifier // by host
	unit   time.Duration       // in which times are told; 0: a second
	faults []string
}

// verifier is the official library's check of a message.
type verifier func(body []byte, header http.Header) error

// answer is what a server does with an attempt.
type answer struct {
	status int
	after  string        // Retry-After
	delay  time.Duration // before it answers
}

func (r *receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(q.Body)
	a := r.take(q, body)
	select {
	case <-time.After(a.delay):
	case <-q.Context().Done():
		return nil, q.Context().Err()
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{"Retry-After": {a.after}}, Body: http.NoBody}, nil
}

func (r *receiver) take(q *http.Request, body []byte) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	host := q.URL.Host
	r.counts[host]++
	r.got = append(r.got, fmt.Sprint(r.now().Sub(r.begun).Truncate(max(r.unit, time.Second)), " ", host, " ", q.Header.Get("Webhook-Id")))
	if v := r.verify[host]; v != nil {
		if err := v(body, q.Header); err != nil {
			r.faults = append(r.faults, err.Error())
		}
	}
	if r.answer != nil {
		if a := r.answer(host, r.counts[host]); a != nil {
			return a
		}
	}
	return &answer{status: 200}
}

func (r *receiver) attempts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// post is everything a delivery needs, over one database.
type post struct {
	*Delivery
	t        *testing.T
	db       *database.DB
	log      *sessions.Log
	told     *told
	receiver *receiver
	clock    func() time.Time
}

// newPost opens a shop's deliveries with endpoints at some hosts. The clock is
// the machine's, which a bubble fakes, unless one is given.
func newPost(t *testing.T, db *database.DB, clock func() time.Time, hosts ...string) *post {
	t.Helper()
	if clock == nil {
		clock = time.Now
	}
	log, err := sessions.OpenLog(t.Context(), db, sessions.LogOptions{Now: clock, Watch: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	p := &post{
		t: t, db: db, log: log, clock: clock, told: &told{wrong: map[string]string{}},
		receiver: &receiver{begun: clock(), now: clock, counts: map[string]int{}, verify: map[string]verifier{}},
	}
	p.configure(hosts...)
	p.open()
	t.Cleanup(func() { p.Close(context.Background()); p.log.Close() })
	return p
}

// open begins a new life of the program.
func (p *post) open() {
	p.Delivery = NewDelivery(DeliveryOptions{Database: p.db, Log: p.log, Triggers: p.told, Messages: p.told,
		Sender: webhook.NewSender(webhook.Options{Transport: p.receiver}), Now: p.clock})
}

func (p *post) configure(hosts ...string) {
	p.t.Helper()
	var wanted []Endpoint
	for _, host := range hosts {
		wanted = append(wanted, Endpoint{URL: "https://" + host + "/hook"})
	}
	made, err := Configure(p.t.Context(), p.db, p.clock(), webhook.Options{}, wanted)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range made {
		v, err := standardwebhooks.NewWebhook(e.Secrets[0].Reveal())
		if err != nil {
			p.t.Fatal(err)
		}
		p.receiver.verify[e.URL[len("https://"):len(e.URL)-len("/hook")]] = v.Verify
	}
}

func (p *post) run() Report {
	p.t.Helper()
	report, err := p.Run(p.t.Context(), p.clock(), database.Lease{})
	if err != nil {
		p.t.Error(err)
	}
	return report
}

// live runs the job each second for a while, as cron would.
func (p *post) live(d time.Duration) {
	p.t.Helper()
	r, stop := started(p.t, p.db, p.Job("@every 1s"))
	pass(d)
	stop()
	if s := r.Status()[0]; s.Outcome != OK {
		p.t.Errorf("delivery %s: %s", s.Outcome, s.Error)
	}
	if len(p.receiver.faults) > 0 {
		p.t.Errorf("signatures: %v", p.receiver.faults)
	}
}

// rows compares the deliveries.
func (p *post) rows(want string) {
	p.t.Helper()
	got := testdb.Rows(p.t, p.db, `SELECT trigger_id, endpoint_id AS endpoint, status, attempts, last_status_code AS code, last_error
		FROM deliveries ORDER BY trigger_id, endpoint_id`)
	if got != want {
		p.t.Errorf("deliveries\n%swant\n%s", got, want)
	}
}

// logged compares the events of ended deliveries.
func (p *post) logged(want ...string) {
	p.t.Helper()
	events, err := p.log.Since(p.t.Context(), 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if e.Kind == sessions.DeliveryEnded {
			got = append(got, string(e.Data))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		p.t.Errorf("logged\n%q, want\n%q", got, want)
	}
}

// inBubble runs a test under fake time, on SQLite: sockets stop fake time.
func inBubble(t *testing.T, f func(t *testing.T, db *database.DB)) {
	synctest.Test(t, func(t *testing.T) { f(t, testdb.SQLite(t)) })
}
