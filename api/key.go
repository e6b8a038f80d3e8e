package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Scope says what a key may do.
type Scope string

// The scopes.
const (
	Write  Scope = "write"  // public: send browse and cart events, read an anonymous shopper's recommendations
	Secret Scope = "secret" // the shop's backend: everything
)

// prefix begins the keys of a scope that we make, so that people and secret
// scanners tell them apart; empty for what is no scope.
func (s Scope) prefix() string {
	switch s {
	case Write:
		return "wk_"
	case Secret:
		return "sk_"
	}
	return ""
}

// Key is what a sender or reader shows.
type Key struct {
	ID        string          `json:"id"`
	Scope     Scope           `json:"scope"`
	Value     string          `json:"key,omitempty"` // only when just made: it is not stored
	CreatedAt sessions.Millis `json:"created_at"`
	RevokedAt sessions.Millis `json:"revoked_at,omitempty"` // 0: it is valid
	Note      string          `json:"note,omitempty"`
}

// allows reports whether the key may do what needs a scope.
func (k Key) allows(scope Scope) bool { return k.Scope == Secret || k.Scope == scope }

// ErrUnknownKey says that a key is not one of the shop's, or was revoked.
var ErrUnknownKey = errors.New("unknown key")

// trust is how long a key is known without looking again: so long may one
// that another process revoked still be let in.
const trust = 10 * time.Second

// lookTime bounds a look into the database: where it was cut off without a word, nobody else would end
// it. For as long again a key that was known is taken for valid without another.
const lookTime = 2 * time.Second

// fingerprint is the SHA-256 of a key. Keys are compared by it alone, so that how
// long a comparison takes tells nothing of them.
type fingerprint [sha256.Size]byte

type knownKey struct {
	key   Key
	until time.Time
}

// Keys are the keys of a shop. They are safe for concurrent use.
type Keys struct {
	db *database.DB

	mu    sync.RWMutex
	known map[fingerprint]knownKey // those that were found, never more than there are
}

// NewKeys returns the keys kept in a database.
func NewKeys(db *database.DB) *Keys {
	return &Keys{db: db, known: map[fingerprint]knownKey{}}
}

type keyRow struct {
	ID        string `gorm:"primaryKey"`
	Scope     string
	Hash      string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	RevokedAt int64
	Note      string
}

func (keyRow) TableName() string { return "keys" }

func (r keyRow) key() Key {
	return Key{
		ID: r.ID, Scope: Scope(r.Scope), Note: r.Note,
		CreatedAt: sessions.Millis(r.CreatedAt), RevokedAt: sessions.Millis(r.RevokedAt),
	}
}

// Create makes a key of 24 random bytes. Its value is in the answer and nowhere else.
func (k *Keys) Create(ctx context.Context, scope Scope, note string, now time.Time) (key Key, err error) {
	err = k.db.Write(ctx, func(tx *gorm.DB) (err error) {
		key, err = k.create(tx, scope, note, now)
		return err
	})
	return key, err
}

func (k *Keys) create(tx *gorm.DB, scope Scope, note string, now time.Time) (Key, error) {
	prefix := scope.prefix()
	if prefix == "" {
		return Key{}, fmt.Errorf("create key: %q is no scope; there are write and secret", scope)
	}
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails
	return k.store(tx, scope, prefix+hex.EncodeToString(random), note, now)
}

// Ensure makes sure that a scope has a key: the given one, or else any that is
// valid. It returns the key that it had to make for that. Of processes that start
// at the same moment one makes it, and the others find it.
func (k *Keys) Ensure(ctx context.Context, scope Scope, given string, now time.Time) (made Key, err error) {
	err = k.db.Write(ctx, func(tx *gorm.DB) error {
		made = Key{}
		if _, err := sessions.ReadHead(database.Lock(tx)); err != nil { // one after the other
			return err
		}
		if given != "" {
			_, err := k.adopt(tx, scope, given, now)
			return err
		}
		valid, err := k.rows(tx.Where("scope = ? AND revoked_at = 0", string(scope)).Limit(1))
		if err == nil && len(valid) == 0 {
			made, err = k.create(tx, scope, "made at the first start", now)
		}
		return err
	})
	if err != nil {
		return Key{}, fmt.Errorf("make sure of a %s key: %w", scope, err)
	}
	return made, nil
}

// adopt makes a value that the operator chose a key, unless it is one already. It
// is an error if it is one of the other scope or was revoked.
func (k *Keys) adopt(tx *gorm.DB, scope Scope, value string, now time.Time) (Key, error) {
	if len(value) > 255 || strings.ContainsAny(value, ": \t\r\n") {
		return Key{}, errors.New("it must have 1 to 255 bytes without blanks and colons")
	}
	rows, err := k.rows(tx.Where("hash = ?", hashOf(value)))
	switch {
	case err != nil:
		return Key{}, err
	case len(rows) == 0:
		return k.store(tx, scope, value, "given by the operator", now)
	case rows[0].Scope != string(scope):
		return Key{}, fmt.Errorf("the same value is a %s key already", rows[0].Scope)
	case rows[0].RevokedAt != 0:
		return Key{}, fmt.Errorf("it was revoked as %s; choose another", rows[0].ID)
	}
	return rows[0].key(), nil
}

func (k *Keys) store(tx *gorm.DB, scope Scope, value, note string, now time.Time) (Key, error) {
	row := keyRow{
		ID: "key_" + strings.ToLower(rand.Text()[:12]), Scope: string(scope), Hash: hashOf(value),
		CreatedAt: int64(sessions.MillisOf(now)), Note: note,
	}
	if err := tx.Create(&row).Error; err != nil {
		return Key{}, fmt.Errorf("store %s key: %w", scope, err)
	}
	key := row.key()
	key.Value = value
	return key, nil
}

// Find returns the key of a value, or [ErrUnknownKey]. Cost: a hash and a look in
// memory, a query when the key was not asked for within the last seconds. What
// is unknown is not remembered, so that guessing fills no memory.
func (k *Keys) Find(ctx context.Context, value string, now time.Time) (Key, error) {
	print := fingerprint(sha256.Sum256([]byte(value)))
	k.mu.RLock()
	known, found := k.known[print]
	k.mu.RUnlock()
	if found && now.Before(known.until) {
		return known.key, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	rows, err := k.rows(k.db.Read(ctx).Where("hash = ? AND revoked_at = 0", hex.EncodeToString(print[:])))
	if err != nil && found {
		k.trustOn(print, now.Add(2*lookTime))
		return known.key, nil // it was right a moment ago; what is asked for will tell that the database is away
	}
	if err != nil {
		return Key{}, fmt.Errorf("find key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(rows) == 0 {
		delete(k.known, print)
		return Key{}, ErrUnknownKey
	}
	key := rows[0].key()
	k.known[print] = knownKey{key, now.Add(trust)}
	return key, nil
}

// trustOn lets a key be known for longer, unless it was revoked here meanwhile.
func (k *Keys) trustOn(print fingerprint, until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, still := k.known[print]; still {
		k.known[print] = knownKey{known.key, until}
	}
}

// knows reports whether a value was found to be a key, and not found revoked since.
func (k *Keys) knows(value string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, found := k.known[sha256.Sum256([]byte(value))]
	return found
}

// List returns all keys, also revoked ones, the oldest first.
func (k *Keys) List(ctx context.Context) ([]Key, error) {
	rows, err := k.rows(k.db.Read(ctx).Order("created_at, id"))
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	keys := make([]Key, len(rows))
	for i, r := range rows {
		keys[i] = r.key()
	}
	return keys, nil
}

// Revoke makes a key invalid for good: here at once, in other processes within
// ten seconds. An unknown id is [sessions.ErrNotFound].
func (k *Keys) Revoke(ctx context.Context, id string, now time.Time) error {
	err := k.db.Write(ctx, func(tx *gorm.DB) error {
		rows, err := k.rows(tx.Where("id = ?", id))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return sessions.ErrNotFound
		}
		return tx.Model(&keyRow{}).Where("id = ? AND revoked_at = 0", id).
			Update("revoked_at", int64(sessions.MillisOf(now))).Error
	})
	if err != nil {
		return fmt.Errorf("revoke key %q: %w", id, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.known)
	return nil
}

func (k *Keys) rows(query *gorm.DB) ([]keyRow, error) {
	var rows []keyRow
	err := query.Find(&rows).Error
	return rows, err
}

// hashOf returns a key's fingerprint as stored.
func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}
