package database

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// ErrHeld means that another holder's lease has not ended.
var ErrHeld = errors.New("the lease is held by another")

// ErrLost means that a lease ended, or was taken over, before the work done under it.
var ErrLost = errors.New("the lease was lost")

// Lease is the right of one holder to do what Name stands for, until Expires.
type Lease struct {
	Name    string
	Holder  string
	Token   int64 // counts the holdings of Name: a later one has the higher token
	Expires time.Time
}

// Acquire takes the lease for ttl from now, or prolongs it, keeping its token, if holder has it
// already. A holder is one run of one process, not a host's name that outlives it. The error is
// ErrHeld while another has it. The clocks of holders may differ: a ttl should be long beside that
// difference, and Held guards what is left. One statement.
func (db *DB) Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (Lease, error) {
	l := Lease{Name: name, Holder: holder, Expires: now.Add(ttl)}
	err := db.Write(ctx, func(tx *gorm.DB) error {
		var tokens []int64
		if err := tx.Raw(takeLease, name, holder, l.Expires.UnixMilli(), now.UnixMilli(), now.UnixMilli()).
			Scan(&tokens).Error; err != nil {
			return err
		}
		if len(tokens) == 0 {
			return ErrHeld
		}
		l.Token = tokens[0]
		return nil
	})
	if err != nil {
		return Lease{}, fmt.Errorf("acquire lease %s for %s: %w", name, holder, err)
	}
	return l, nil
}

// takeLease answers with no row when another's lease still runs.
const takeLease = `
INSERT INTO leases AS held (name, holder, token, expires_at) VALUES (?, ?, 1, ?)
ON CONFLICT (name) DO UPDATE SET
	token = CASE WHEN held.holder = excluded.holder AND held.expires_at > ? THEN held.token ELSE held.token + 1 END,
	holder = excluded.holder,
	expires_at = excluded.expires_at
WHERE held.holder = excluded.holder OR held.expires_at <= ?
RETURNING token`

// Held confirms, inside the transaction whose effects l is to guard, that l is still the newest
// holding and has not ended; else the error is ErrLost and the transaction must not commit. Nobody
// can take the lease over until the transaction ends.
func Held(tx *gorm.DB, l Lease, now time.Time) error {
	var tokens []int64
	err := Lock(tx).Table("leases").
		Where("name = ? AND holder = ? AND token = ? AND expires_at > ?", l.Name, l.Holder, l.Token, now.UnixMilli()).
		Pluck("token", &tokens).Error
	if err == nil && len(tokens) == 0 {
		err = ErrLost
	}
	if err != nil {
		return fmt.Errorf("hold lease %s as %s: %w", l.Name, l.Holder, err)
	}
	return nil
}

// Release ends l at once so that others need not wait for its time to pass. Releasing a lease that
// was lost does nothing.
func (db *DB) Release(ctx context.Context, l Lease) error {
	err := db.Write(ctx, func(tx *gorm.DB) error {
		// The row stays, because tokens must go on rising.
		return tx.Exec("UPDATE leases SET expires_at = 0 WHERE name = ? AND holder = ? AND token = ?",
			l.Name, l.Holder, l.Token).Error
	})
	if err != nil {
		return fmt.Errorf("release lease %s of %s: %w", l.Name, l.Holder, err)
	}
	return nil
}
