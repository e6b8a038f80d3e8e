package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"gorm.io/gorm"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Appends, also of what is refused, and reads while there is no database.
var wantedFromDatabase = []request{
	{method: "POST", path: "/v1/page", key: writeKey, body: calls["page"]},
	{method: "POST", path: "/v1/page", key: writeKey, body: `{}`},
	{method: "POST", path: "/v1/batch", key: writeKey, body: `{"batch":[{"type":"page","anonymousId":"a"},{}]}`},
	{method: "PUT", path: "/v1/carts/c1", key: secretKey, body: cartBody},
	{method: "PUT", path: "/v1/carts/c1", key: secretKey, body: `{}`},
	{method: "POST", path: "/v1/orders", key: secretKey, body: orderBody},
	{method: "PUT", path: "/v1/products", key: secretKey, body: productBody},
	{method: "GET", path: "/v1/visitors", key: secretKey},
	{method: "GET", path: "/v1/sessions/1", key: secretKey},
	{method: "GET", path: "/v1/carts", key: secretKey},
	{method: "GET", path: "/v1/orders/o1", key: secretKey},
	{method: "GET", path: "/v1/triggers", key: secretKey},
	{method: "GET", path: "/v1/carts", key: "sk_never_seen"},
}

func TestDatabaseAway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.post("/v1/page", writeKey, calls["page"]).receipt(t)
		s.get("/v1/carts").wants(t, http.StatusOK, "")
		must(t, db.Close())
		for _, r := range wantedFromDatabase {
			t.Run(r.method+" "+r.path, func(t *testing.T) {
				s.do(r).wants(t, http.StatusServiceUnavailable, "database_unavailable")
			})
		}
		if !strings.Contains(s.logged.String(), "database is closed") {
			t.Error("what went wrong is not in the log")
		}
		if strings.Contains(s.logged.String(), secretKey) {
			t.Error("a key is in the log")
		}
	})
}

// The log takes nothing more when the process ends, and says so to clients that
// come again.
func TestLogClosed(t *testing.T) {
	s := sqliteShop(t)
	s.log.Close()
	s.post("/v1/page", writeKey, calls["page"]).wants(t, http.StatusServiceUnavailable, "draining")
}

// faulty is a projection that fails, or refuses the events of one shopper.
type faulty struct{ refuse, fail bool }

func (faulty) Tables() []sessions.Table { return nil }

func (f faulty) Apply(tx *gorm.DB, events []*sessions.Event) error {
	for _, e := range events {
		if f.refuse && e.Anonymous == "refused" {
			// What a database says of data it cannot hold.
			return tx.Exec("INSERT INTO keys (id, scope, hash, created_at, revoked_at, note) VALUES ('x', NULL, '', 0, 0, '')").Error
		}
	}
	if f.fail {
		return errors.New("planted fault")
	}
	return nil
}

// over puts a shop's server onto a log with another projection.
func over(t *testing.T, db *database.DB, p sessions.Projection) *shop {
	t.Helper()
	return newShop(t, db, func(c *api.Config) {
		log, err := sessions.OpenLog(context.Background(), db, sessions.LogOptions{Projections: []sessions.Projection{cart.NewStore(db), p}})
		must(t, err)
		t.Cleanup(log.Close)
		c.Log = log
	})
}

// What goes wrong below, whatever it is, keeps no sender from coming again.
func TestAppendFails(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := over(t, db, faulty{fail: true})
		s.post("/v1/page", writeKey, calls["page"]).wants(t, http.StatusServiceUnavailable, "database_unavailable")
		if !strings.Contains(s.logged.String(), "planted fault") {
			t.Errorf("the fault is not in the log: %s", s.logged)
		}
	})
}

// An item that only the database refuses is reported at its place.
func TestRefusedByDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := over(t, db, faulty{refuse: true})
		r := s.post("/v1/batch", writeKey, `{"batch":[{"type":"page"},{"type":"page","anonymousId":"a"},{"type":"page","anonymousId":"refused"}]}`).receipt(t)
		if len(r.Rejected) != 2 || r.Rejected[0].Index != 0 || r.Rejected[1].Index != 2 || r.Rejected[1].Code != "refused_by_database" {
			t.Errorf("rejected %+v", r.Rejected)
		}
		s.post("/v1/page", writeKey, `{"anonymousId":"refused"}`).wants(t, http.StatusBadRequest, "refused_by_database")
		if n := s.ingest(); n != (sessions.Ingest{Received: 4, Accepted: 1, Rejected: 3}) {
			t.Errorf("counters %+v", n)
		}
	})
}
