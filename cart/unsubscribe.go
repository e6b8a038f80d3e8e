package cart

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// UnsubscribeToken returns what stands in the unsubscribe links of mails to an address:
// always the same for the same address, without end, so that the link in an old mail
// works too. Only this database can make it, and nobody can read the address from it.
func (p *Preferences) UnsubscribeToken(e sessions.Email) string { return p.key.token(e) }

// Hash returns the keyed hash of an address, as decisions carry it.
func (p *Preferences) Hash(e sessions.Email) string { return p.key.hash(e) }

// CheckToken returns [sessions.ErrNotFound] for a token that is of no mail. It looks
// nothing up and changes nothing.
func (p *Preferences) CheckToken(token string) error {
	if _, ok := p.key.open(token); !ok {
		return fmt.Errorf("unsubscribe token: %w", sessions.ErrNotFound)
	}
	return nil
}

// Unsubscribe takes down that the address of a token wants no more mails. Done again, it
// adds nothing. When it returns nil, no later decision or attempt mails the address. The
// error is [sessions.ErrNotFound] for a token that is of no mail.
func (p *Preferences) Unsubscribe(ctx context.Context, token string, now sessions.Millis) error {
	hash, ok := p.key.open(token)
	if !ok {
		return fmt.Errorf("unsubscribe: %w", sessions.ErrNotFound)
	}
	// Links are opened again and again. What is known needs no place in the log's queue.
	known, err := loadSuppressions(p.db.Read(ctx), map[string]bool{hash: true})
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	if indexOf(known[hash], Unsubscribed) >= 0 {
		return nil
	}
	_, err = p.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		known, err := loadSuppressions(tx, map[string]bool{hash: true})
		if err != nil || indexOf(known[hash], Unsubscribed) >= 0 {
			return nil, err
		}
		visitor, err := visitorMailed(tx, hash)
		if err != nil {
			return nil, err
		}
		e, err := sessions.Own(sessions.AddressSuppressed, visitor, now, suppressed{Hash: hash, Reason: Unsubscribed, At: now})
		return []*sessions.Event{e}, err
	})
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// visitorMailed returns the visitor about whose cart the last mail to an address was, 0
// if none is known: who unsubscribes tells no more than the hash.
func visitorMailed(tx *gorm.DB, hash string) (sessions.VisitorID, error) {
	var rows []mailedRow
	if err := tx.Where("address_hash = ?", hash).Order("mailed_at DESC, seq DESC").Limit(1).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("find the last mail to an address: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	var visitors []int64
	if err := tx.Table("carts").Where("id = ?", rows[0].Cart).Pluck("visitor_id", &visitors).Error; err != nil {
		return 0, fmt.Errorf("find whose cart %d is: %w", rows[0].Cart, err)
	}
	if len(visitors) == 0 {
		return 0, nil
	}
	return sessions.VisitorID(visitors[0]), nil
}
