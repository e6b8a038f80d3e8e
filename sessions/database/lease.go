package database

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
)

// ErrLost means that a lease ended, or was taken over, before the work done under it.
var ErrLost = errors.New("the lease was lost")

// LeaseTime is how long a lease lasts unless it is prolonged: so long nobody does the work of a
// process that died. Whoever works under one asks for it again at least every third of that.
const LeaseTime = 6 * time.Second

// Lease is one holding of the right to do what Name stands for. The zero Lease guards nothing: it
// is for what a person starts.
type Lease struct {
	Name   string
	Holder string // one run of one process, not a host's name that outlives it
	Token  int64  // counts the holdings of Name: a later one has the higher token
}

// clock is the time of leases in milliseconds: the database's own, asked anew in every statement.
// Processes on different hosts then never compare their clocks, whose difference could make one
// take a lease that another still trusts. SQLite's is the clock of the one host that has the file.
// What a process measures by itself is only how long ago it prolonged, never when something ends.
func clock(d Dialect) string {
	if d == Postgres {
		return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
	}
	return "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)"
}

// withClock puts the clock in the place of each NOW of a statement.
func withClock(tx *gorm.DB, statement string) string {
	return strings.ReplaceAll(statement, "NOW", clock(Dialect(tx.Name())))
}

// Hold confirms, inside the transaction whose effects l is to guard, that l is still the newest
// holding and has not ended, and prolongs it; else the error is ErrLost and the transaction must not
// commit. Nobody can take the lease over until the transaction ends, so that of two holdings all
// effects of the earlier come first.
func (l Lease) Hold(tx *gorm.DB) error {
	if l == (Lease{}) {
		return nil
	}
	held := tx.Exec(withClock(tx, `UPDATE leases SET expires_at = NOW + ?
		WHERE name = ? AND holder = ? AND token = ? AND expires_at > NOW`),
		LeaseTime.Milliseconds(), l.Name, l.Holder, l.Token)
	err := held.Error
	if err == nil && held.RowsAffected == 0 {
		err = ErrLost
	}
	if err != nil {
		return fmt.Errorf("hold lease %s with token %d: %w", l.Name, l.Token, err)
	}
	return nil
}

// A Holder is one run of one process that wants leases. It is safe for concurrent use.
type Holder struct {
	db *DB
	id string

	mu       sync.Mutex // guards what follows
	known    bool       // whether it has asked before
	held     map[string]Lease
	prolongs time.Time // when held is to be prolonged
	ends     time.Time // when held ends, unless it is prolonged
}

// NewHolder returns a holder that has nothing yet.
func (db *DB) NewHolder() *Holder { return &Holder{db: db, id: rand.Text(), held: map[string]Lease{}} }

// Take takes the leases of names that are free, prolongs those that h has, and returns what it holds
// of them now, maybe nothing. A lease that ended meanwhile comes back with a higher token; one that
// is not named any more is let go when it ends. Of a
// SQLite file a new holder takes all at once, because there one process is the rule and what was
// held was most likely held by one that crashed; the token keeps the other from writing if it was
// not. Cost: nothing while all are held and fresh, a query while another has them, else one
// transaction.
func (h *Holder) Take(ctx context.Context, names ...string) (map[string]Lease, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().Before(h.prolongs) && !slices.ContainsFunc(names, h.lacks) {
		return maps.Clone(h.held), nil
	}
	ctx, cancel := context.WithTimeout(ctx, LeaseTime)
	defer cancel()
	asked := time.Now()
	force := !h.known && h.db.dialect == SQLite
	free := names
	if !force {
		var err error
		if free, err = h.free(ctx, names); err != nil {
			return nil, fmt.Errorf("look at leases: %w", err)
		}
	}
	held := map[string]Lease{}
	if len(free) > 0 {
		if err := h.db.Write(ctx, func(tx *gorm.DB) error { return h.take(tx, free, force, held) }); err != nil {
			return nil, fmt.Errorf("take leases: %w", err)
		}
	}
	h.known, h.held = true, held
	h.prolongs, h.ends = asked.Add(LeaseTime/4), asked.Add(LeaseTime)
	return maps.Clone(held), nil
}

func (h *Holder) lacks(name string) bool {
	_, held := h.held[name]
	return !held
}

// free returns those of names that no other holder has.
func (h *Holder) free(ctx context.Context, names []string) ([]string, error) {
	var taken []string
	tx := h.db.Read(ctx)
	err := tx.Raw(withClock(tx, "SELECT name FROM leases WHERE name IN ? AND holder <> ? AND expires_at > NOW"), names, h.id).
		Scan(&taken).Error
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(taken, name) }), err
}

// takeLease answers with no row when another's lease still runs.
const takeLease = `
INSERT INTO leases AS held (name, holder, token, expires_at) VALUES (?, ?, 1, NOW + ?)
ON CONFLICT (name) DO UPDATE SET
	token = CASE WHEN held.holder = excluded.holder AND held.expires_at > NOW THEN held.token ELSE held.token + 1 END,
	holder = excluded.holder,
	expires_at = excluded.expires_at
WHERE held.holder = excluded.holder OR held.expires_at <= NOW OR CAST(? AS BIGINT) = 1
RETURNING token`

// take fills held with the leases that it takes or prolongs, all but those that another has, or
// with force also those.
func (h *Holder) take(tx *gorm.DB, names []string, force bool, held map[string]Lease) error {
	clear(held)
	forced := 0
	if force {
		forced = 1
	}
	for _, name := range names {
		var tokens []int64
		err := tx.Raw(withClock(tx, takeLease), name, h.id, LeaseTime.Milliseconds(), forced).Scan(&tokens).Error
		if err != nil {
			return fmt.Errorf("lease %s: %w", name, err)
		}
		if len(tokens) > 0 {
			held[name] = Lease{name, h.id, tokens[0]}
		}
	}
	return nil
}

// Held returns a lease as far as h knows without asking, and false when it is another's or so long
// not prolonged that it must have ended.
func (h *Holder) Held(name string) (Lease, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, held := h.held[name]
	return l, held && time.Now().Before(h.ends)
}

// Doubt makes the next Take ask the database, after something was not as h thought.
func (h *Holder) Doubt() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prolongs = time.Time{}
}

// Release ends all that h holds at once, so that others need not wait for its time to pass.
func (h *Holder) Release(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.held) == 0 {
		return nil
	}
	clear(h.held)
	err := h.db.Write(ctx, func(tx *gorm.DB) error {
		// The rows stay, because tokens must go on rising.
		return tx.Exec("UPDATE leases SET expires_at = 0 WHERE holder = ?", h.id).Error
	})
	if err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}
