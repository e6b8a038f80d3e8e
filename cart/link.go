package cart

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// Link is what a token in a message leads to: one cart. Whoever has the token may
// see what the cart holds, as often as they like until it expires, and nothing
// else: it logs nobody in.
type Link struct {
	Trigger string // whose message carries it
	Cart    ID     // 0: the trigger is about none
	Channel Channel
	Created sessions.Millis
	Expires sessions.Millis

	lines []sessions.Line // what the cart held when the message was written
}

// tokenBytes is how long tokens are: 128 random bits, which nobody guesses.
const tokenBytes = 16

// tokenText is how tokens are written: 22 characters that need no escape in an
// address. It is strict, so that each token has one spelling.
var tokenText = base64.RawURLEncoding.Strict()

// linkRow is a link as stored. The token itself is nowhere: whoever reads the
// database, or a backup of it, can open no cart with it.
type linkRow struct {
	TokenHash []byte `gorm:"primaryKey"`
	TriggerID string
	Cart      int64
	Channel   string
	Lines     []byte
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
}

func (linkRow) TableName() string { return "links" }

func (r linkRow) link() (Link, error) {
	lines, err := decodeLines(r.Lines)
	if err != nil {
		return Link{}, fmt.Errorf("decode a link of trigger %s: %w", r.TriggerID, err)
	}
	return Link{
		Trigger: r.TriggerID, Cart: ID(r.Cart), Channel: Channel(r.Channel),
		Created: sessions.Millis(r.CreatedAt), Expires: sessions.Millis(r.ExpiresAt), lines: lines,
	}, nil
}

// NewLink makes a link to the cart of a trigger, for the message that goes out on
// a channel, and returns its token, which is kept nowhere. It is to be called in
// the transaction that starts the attempt to send the message. A trigger may get
// several links: each attempt makes one, and all work until they expire.
func NewLink(tx *gorm.DB, t Trigger, on Channel, now sessions.Millis, life time.Duration) (token string, err error) {
	bits := make([]byte, tokenBytes)
	_, _ = rand.Read(bits) // never fails
	row := linkRow{
		TokenHash: hashOf(bits), TriggerID: t.ID, Cart: int64(t.Cart), Channel: string(on), Lines: []byte("[]"),
		CreatedAt: int64(now), ExpiresAt: int64(now.Add(life)),
	}
	if t.Cart != 0 {
		c, err := living(tx, t.Cart)
		if err != nil {
			return "", fmt.Errorf("make a link for trigger %s: %w", t.ID, err)
		}
		if row.Lines, err = encodeLines(c.Lines); err != nil {
			return "", fmt.Errorf("make a link for trigger %s: %w", t.ID, err)
		}
	}
	if t.Session != 0 {
		c, err := subjectOfTrigger(tx, t)
		if err != nil {
			return "", fmt.Errorf("make a link for trigger %s: %w", t.ID, err)
		}
		if row.Lines, err = encodeLines(c.Lines); err != nil {
			return "", fmt.Errorf("make a link for trigger %s: %w", t.ID, err)
		}
	}
	if err := tx.Create(&row).Error; err != nil {
		return "", fmt.Errorf("make a link for trigger %s: %w", t.ID, err)
	}
	return tokenText.EncodeToString(bits), nil
}

func hashOf(bits []byte) []byte {
	sum := sha256.Sum256(bits)
	return sum[:]
}

// findLink returns the link of a token that has not expired at a time; the error
// is [sessions.ErrNotFound] if there is none, whatever else is wrong with it.
func findLink(tx *gorm.DB, token string, now sessions.Millis) (Link, error) {
	bits, err := tokenText.DecodeString(token)
	if err != nil || len(bits) != tokenBytes || tokenText.EncodeToString(bits) != token {
		return Link{}, fmt.Errorf("find a link: %w", sessions.ErrNotFound)
	}
	var rows []linkRow
	if err := tx.Where("token_hash = ? AND expires_at > ?", hashOf(bits), int64(now)).Find(&rows).Error; err != nil {
		return Link{}, fmt.Errorf("find a link: %w", err)
	}
	if len(rows) == 0 {
		return Link{}, fmt.Errorf("find a link: %w", sessions.ErrNotFound)
	}
	return rows[0].link()
}

// mergesFollowed bounds how many carts in a row are followed that took one
// another's place. Shoppers come to two or three.
const mergesFollowed = 20

// living returns a cart, or the one that took its place.
func living(tx *gorm.DB, id ID) (c Cart, err error) {
	for range mergesFollowed {
		c, err = one(tx.Where("id = ?", int64(id)), fmt.Sprintf("cart %d", id))
		if err != nil || c.Status != Merged || c.Into == 0 {
			return c, err
		}
		id = c.Into
	}
	return c, nil
}

// keptLinks is how long links are kept after they expired, for whoever looks for
// the reason why one did not work.
const keptLinks = 30 * 24 * time.Hour

// prunedAtOnce is how many links go in one transaction, so that it stays short.
const prunedAtOnce = 5000

// PruneLinks drops links that expired long before a time, as many as go into one
// short transaction, and says how many: fewer than there are if it is all of
// them.
func PruneLinks(tx *gorm.DB, now sessions.Millis) (dropped int64, all bool, err error) {
	result := tx.Exec("DELETE FROM links WHERE token_hash IN (SELECT token_hash FROM links WHERE expires_at < ? LIMIT ?)",
		int64(now.Add(-keptLinks)), prunedAtOnce)
	if result.Error != nil {
		return 0, false, fmt.Errorf("prune links: %w", result.Error)
	}
	return result.RowsAffected, result.RowsAffected < prunedAtOnce, nil
}
