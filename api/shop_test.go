package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
	"cartwright/sessions/wire"
)

// The keys of a test shop.
const (
	writeKey  = "wk_test"
	secretKey = "sk_test"
)

// start is what the clock of a test shop says.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// detectionJob is what the jobs of a test shop are.
var detectionJob = map[string]any{
	"name": "detection", "schedule": "@every 1m", "purpose": "Find carts that were left behind.", "running": false, "runs": 0,
}

// shop is a server with a database below it, called without sockets.
type shop struct {
	t      testing.TB
	db     *database.DB
	log    *sessions.Log
	keys   *api.Keys
	server *api.Server
	logged *bytes.Buffer

	clients []wire.Client // what was known of the shoppers' machines, in the order of the events
	asked   []recommend.Request
	failing error // what AppendJSON fails with
	awaited []sessions.Seq

	hooked   *hooked
	delivery *jobs.Delivery
	ready    error
}

// AppendJSON notes the question.
func (s *shop) AppendJSON(_ context.Context, q recommend.Request, dst []byte) ([]byte, error) {
	if s.failing != nil {
		return nil, s.failing
	}
	s.asked = append(s.asked, q)
	answer := recommend.Answer{ID: "a1", Context: q.Context, Items: []recommend.Item{{ID: "mug", Strategy: recommend.InCatalog, Reason: "from the catalog"}}}
	return answer.AppendJSON(dst)
}

// WaitFor notes what is waited for, and waits for what is not in the log until it may no longer.
func (s *shop) WaitFor(ctx context.Context, seq sessions.Seq) error {
	s.awaited = append(s.awaited, seq)
	if seq <= s.log.Head().Seq {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// newShop opens a shop over a database. The changes may replace what it is made of.
func newShop(t testing.TB, db *database.DB, changes ...func(*api.Config)) *shop {
	t.Helper()
	ctx := context.Background()
	s := &shop{t: t, db: db, logged: &bytes.Buffer{}}
	carts, catalog := cart.NewStore(db), recommend.NewCatalog(db)
	var err error
	now := func() time.Time { return start }
	s.log, err = sessions.OpenLog(ctx, db, sessions.LogOptions{Projections: []sessions.Projection{carts, catalog}, Now: now})
	must(t, err)
	follower := sessions.NewFollower(db, s.log, nil)
	must(t, follower.Start(ctx))
	t.Cleanup(func() {
		follower.Close()
		s.log.Close()
	})
	preferences, err := cart.OpenPreferences(ctx, db, s.log)
	must(t, err)
	keys := api.NewKeys(db)
	s.keys = keys
	for scope, value := range map[api.Scope]string{api.Write: writeKey, api.Secret: secretKey} {
		_, err := keys.Ensure(ctx, scope, value, start)
		must(t, err)
	}
	config := api.Config{
		Log: s.log, Follower: follower, Histories: sessions.NewHistories(db), Carts: carts, Keys: keys, Recommend: s,
		Products: catalog, Preferences: preferences,
		Decoder: &wire.Decoder{Currency: "EUR", Enrich: func(e *sessions.Event, c wire.Client) {
			s.clients = append(s.clients, c)
			e.Bot = strings.Contains(c.UserAgent, "Googlebot")
		}},
		Jobs: plannedJobs(), Webhooks: realWebhooks(t, s, carts),
		Reports: cart.NewReports(db, cart.ReportOptions{Now: now, Enrolments: enrolled}),
		Links:   cart.NewLinks(db, s.log, catalog), Storefront: storefront(t),
		Coupons: cart.NewCoupons(db, cart.CouponRules{Pause: 30 * 24 * time.Hour, Mail: cart.DefaultMailRules()}),
		Person:  func(userAgent string) bool { return strings.HasPrefix(userAgent, "Mozilla/") },
		Ready:   func(context.Context) error { return s.ready },
		Now:     now, Logger: slog.New(slog.NewTextHandler(s.logged, nil)),
	}
	for _, change := range changes {
		change(&config)
	}
	s.server, err = api.New(config)
	must(t, err)
	return s
}

// sqliteShop is a shop over SQLite, for what no database makes different.
func sqliteShop(t testing.TB, changes ...func(*api.Config)) *shop {
	t.Helper()
	return newShop(t, testdb.SQLite(t), changes...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// request is one request to a shop. A header is written "Name: value".
type request struct {
	method, path, key, body string
	headers                 []string
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
}

// do calls the server.
func (s *shop) do(r request) answer {
	s.t.Helper()
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	asked := httptest.NewRequest(r.method, r.path, body)
	if r.key != "" {
		asked.SetBasicAuth(r.key, "")
	}
	for _, h := range r.headers {
		name, value, _ := strings.Cut(h, ": ")
		asked.Header.Add(name, value)
	}
	recorder := httptest.NewRecorder()
	s.server.ServeHTTP(recorder, asked)
	described(s.t, asked, recorder)
	return answer{recorder}
}

func (s *shop) get(path string) answer {
	s.t.Helper()
	return s.do(request{method: http.MethodGet, path: path, key: secretKey})
}

func (s *shop) post(path, key, body string) answer {
	s.t.Helper()
	return s.do(request{method: http.MethodPost, path: path, key: key, body: body})
}

// wants fails unless the answer has a status, and for problems a code and their form.
func (a answer) wants(t testing.TB, status int, code string) {
	t.Helper()
	if a.Code != status {
		t.Fatalf("status %d, want %d: %s", a.Code, status, a.Body)
	}
	if status < 400 {
		return
	}
	if code == asPage {
		if got := a.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("Content-Type %q of a page", got)
		}
		return
	}
	var p api.Problem
	a.read(t, &p)
	if p.Code != code || p.Status != status || p.Detail == "" || p.Title != http.StatusText(status) || p.Type != "about:blank" {
		t.Errorf("problem %s, want code %q", a.Body, code)
	}
	if got := a.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q of a problem", got)
	}
	if (status == 503 || status == 429) && (a.Header().Get("Retry-After") == "" || strings.Contains(a.Header().Get("Retry-After"), ".")) {
		t.Errorf("%d with Retry-After %q, want whole seconds", status, a.Header().Get("Retry-After"))
	}
}

// read decodes the answer's body.
func (a answer) read(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), into); err != nil {
		t.Fatalf("answer %q: %v", a.Body, err)
	}
}

// receipt returns the answer to an append that was taken.
func (a answer) receipt(t testing.TB) api.Receipt {
	t.Helper()
	a.wants(t, http.StatusOK, "")
	var r api.Receipt
	a.read(t, &r)
	if !r.Success || a.Header().Get("Cartwright-Seq") != fmt.Sprint(r.Seq) {
		t.Errorf("receipt %s with Cartwright-Seq %q", a.Body, a.Header().Get("Cartwright-Seq"))
	}
	return r
}

// ingest returns the shop's counters.
func (s *shop) ingest() sessions.Ingest {
	s.t.Helper()
	n, err := sessions.ReadIngest(s.db.Read(context.Background()))
	must(s.t, err)
	if n.Received != n.Accepted+n.Duplicates+n.Rejected {
		s.t.Errorf("counters %+v do not add up", n)
	}
	return n
}

// repeated is an item n times, as in an array.
func repeated(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }

// plannedJobs are jobs that know one of them and answer what they were asked.
func plannedJobs() api.Jobs {
	known := func(job string) error {
		if job != "detection" {
			return sessions.ErrNotFound
		}
		return nil
	}
	return api.Jobs{
		List: func(context.Context) (any, error) { return []any{detectionJob}, nil },
		Runs: func(_ context.Context, job string, _ sessions.Millis, _ int) ([]api.JobRun, error) {
			run := jobs.Run{Job: job, Started: 7, Ended: 8, Outcome: jobs.OK, Report: jobs.Report{"abandoned": 1}}
			return []api.JobRun{{Started: 7, Answer: run}}, known(job)
		},
		Run: func(_ context.Context, job, who, reason string) (any, error) {
			return &jobs.Request{Number: 1, Asked: start, Who: who, Reason: reason}, known(job)
		},
		Pause:  func(_ context.Context, job, _, _ string) error { return known(job) },
		Resume: func(_ context.Context, job string) error { return known(job) },
	}
}
