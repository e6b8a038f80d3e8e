package main

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions/database"
)

// A replica is one of several programs on a PostgreSQL database, each behind a cable of its own.
type replica struct {
	name  string
	cable *cable
	args  []string

	mu      sync.Mutex
	process *process
	well    bool // nothing is done to it now
}

// A fleet is several replicas on one database, and those who use them.
type fleet struct {
	t        *testing.T
	binary   string
	url      string // of the database, not through a cable
	db       *database.DB
	hooks    *receiver
	replicas []*replica
}

// newFleet starts replicas on a fresh database, all at the same moment, with further flags.
func newFleet(t *testing.T, binary string, n int, more ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, binary: binary, url: testdb.PostgresURL(t)}
	var err error
	if f.db, err = database.Open(t.Context(), f.url, database.Options{Durability: database.Off}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.db.Close() })
	f.audit()
	secret := webhook.NewSecret().Reveal()
	if f.hooks, err = newReceiver(secret); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(f.hooks)
	t.Cleanup(server.Close)
	flags := []string{"--cart-wait", "2s", "--detect-schedule", "@every 1s", "--rate-limit-address", "0",
		"--webhooks", server.URL + "/hooks " + secret, "--webhook-allow-private", "--webhook-allow-insecure"}
	for i := range n {
		r := &replica{name: fmt.Sprintf("replica-%d", i+1)}
		r.cable, r.args = cableTo(t, f.url, r.name)
		r.args = slices.Concat(r.args, flags, more)
		f.replicas = append(f.replicas, r)
	}
	var starting sync.WaitGroup
	for _, r := range f.replicas {
		starting.Go(func() { r.start(t, binary) })
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow() // one of them did not come up
	}
	return f
}

// cableTo returns a cable to a database, and the flags of a program that uses it
// under a name of its own, which the database sees.
func cableTo(t *testing.T, database, name string) (*cable, []string) {
	t.Helper()
	config, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgxNetwork(config)
	w := newCable(t, network, address)
	through := url.URL{Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Path: "/" + config.Database,
		Host: fmt.Sprintf("127.0.0.1:%d", w.port()), RawQuery: url.Values{
			"sslmode": {"disable"}, "test.replica": {name},
		}.Encode()}
	return w, []string{"--db", through.String()}
}

// pgxNetwork is where a server listens.
func pgxNetwork(c *pgx.ConnConfig) (network, address string) {
	if c.Host[0] == '/' {
		return "unix", fmt.Sprintf("%s/.s.PGSQL.%d", c.Host, c.Port)
	}
	return "tcp", fmt.Sprintf("%s:%d", c.Host, c.Port)
}

// start brings the replica up.
func (r *replica) start(t *testing.T, binary string) {
	p := serveBinary(t, binary, r.args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process, r.well = p, true
}

// ails takes note that something is done to the replica, or no longer is.
func (r *replica) ails(ails bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.well = !ails
}

// now returns where the replica listens, and whether it is well.
func (r *replica) now() (address string, well bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process.address, r.well
}

// kill ends the replica at once and starts it again.
func (f *fleet) kill(r *replica) {
	r.ails(true)
	before := f.writes()
	_ = r.process.end(f.t, os.Kill)
	r.start(f.t, f.binary)
	eventually(f.t, "sessions are written", func() bool { return f.writes() > before+1 })
}

// stop makes the replica sleep beyond the end of its leases, and wakes it.
func (f *fleet) stop(r *replica) {
	f.signal(r, syscall.SIGSTOP)
	f.outlast(r)
	f.signal(r, syscall.SIGCONT)
	r.ails(false)
}

func (f *fleet) signal(r *replica, s os.Signal) {
	r.ails(true)
	if err := r.process.command.Process.Signal(s); err != nil {
		f.t.Fatal(err)
	}
}

// silence keeps the replica from its database, without a word to either, beyond the end of its leases;
// what they told each other arrives late. Then it breaks the connections.
func (f *fleet) silence(r *replica) {
	r.ails(true)
	r.cable.silence(true)
	f.outlast(r)
	r.cable.silence(false)
	time.Sleep(500 * time.Millisecond) // what was held back arrives, and is refused
	r.cable.drop()
	r.ails(false)
}

// outlast lets the replica's fault last beyond the end of its leases, and until another one writes
// sessions.
func (f *fleet) outlast(r *replica) {
	f.t.Helper()
	before := f.writes()
	time.Sleep(database.LeaseTime) // how long the fault is
	eventually(f.t, "another writes sessions than "+r.name, func() bool {
		writer, _ := f.writer()
		return f.writes() > before && writer != "" && writer != r.name
	})
}

// writes counts the writes of sessions.
func (f *fleet) writes() (n int64) {
	f.t.Helper()
	if err := f.db.Read(f.t.Context()).Raw("SELECT count(*) FROM audit WHERE lease = 'sessions'").Scan(&n).Error; err != nil {
		f.t.Fatal(err)
	}
	return n
}

// writer is the replica that wrote sessions last, under the lease that stands, and that lease's token.
func (f *fleet) writer() (name string, token int64) {
	f.t.Helper()
	var last struct {
		Replica string
		Token   int64
	}
	err := f.db.Read(f.t.Context()).Raw(`SELECT replica, a.token FROM audit AS a JOIN leases AS l ON l.name = a.lease AND l.token = a.token
		WHERE a.lease = 'sessions' ORDER BY n DESC LIMIT 1`).Scan(&last).Error
	if err != nil {
		f.t.Fatal(err)
	}
	return last.Replica, last.Token
}

// audit makes the database write down who writes what is to be under a lease, and which holding of it
// stood then.
func (f *fleet) audit() {
	f.t.Helper()
	for _, statement := range []string{
		`CREATE TABLE audit (n BIGSERIAL PRIMARY KEY, lease TEXT, replica TEXT, token BIGINT, seq BIGINT)`,
		`CREATE FUNCTION audit_cursor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO audit (lease, replica, token, seq)
			SELECT name, current_setting('test.replica', true), token, NEW.seq FROM leases WHERE name = 'sessions';
			RETURN NULL; END $$`,
		`CREATE FUNCTION audit_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO audit (lease, replica, token, seq)
			SELECT name, current_setting('test.replica', true), token, NEW.started_at FROM leases WHERE name = 'job:' || NEW.job;
			RETURN NULL; END $$`,
		`CREATE TRIGGER audit AFTER UPDATE ON cursors FOR EACH ROW EXECUTE FUNCTION audit_cursor()`,
		`CREATE TRIGGER audit AFTER INSERT OR UPDATE ON job_state FOR EACH ROW EXECUTE FUNCTION audit_job()`,
	} {
		if err := f.db.Write(f.t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement).Error }); err != nil {
			f.t.Fatal(err)
		}
	}
}

// overlaps names the leases under which two replicas wrote at a time: with one token, or with an older
// token after a newer one.
func (f *fleet) overlaps() (wrong []string) {
	f.t.Helper()
	err := f.db.Read(f.t.Context()).Raw(`SELECT lease || ' with token ' || token || ' by ' || count(DISTINCT replica) AS wrong
			FROM audit GROUP BY lease, token HAVING count(DISTINCT replica) <> 1
		UNION ALL SELECT DISTINCT later.lease || ' with token ' || later.token || ' after ' || former.token
			FROM audit AS later JOIN audit AS former ON former.lease = later.lease AND former.n < later.n AND former.token > later.token`).
		Scan(&wrong).Error
	if err != nil {
		f.t.Fatal(err)
	}
	return wrong
}
