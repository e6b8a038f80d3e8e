package cart

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Preferences are what people let be mailed to them, and where that is changed: what
// its methods change stands in the log when they return, so that no later decision can
// miss it. It is safe for concurrent use, also beside other processes.
type Preferences struct {
	db  *database.DB
	log *sessions.Log
	key addressKey
}

// OpenPreferences returns the preferences of a database, whose key of addresses is made
// if it has none. The log must have the [Store] among its projections.
func OpenPreferences(ctx context.Context, db *database.DB, log *sessions.Log) (*Preferences, error) {
	key, err := ensureAddressKey(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("open preferences: %w", err)
	}
	return &Preferences{db, log, key}, nil
}

// ErrNotReleasable says that an address's owner asked for no more mails, and nothing
// says that they changed their mind.
var ErrNotReleasable = errors.New("the address unsubscribed or complained, and has not consented since")

// Held is what the shop says of an address that is not to be mailed.
type Held struct {
	Email  sessions.Email
	Reason SuppressionReason
	At     sessions.Millis
	Detail string // addresses in it are not kept
}

// Suppress takes down that addresses are not to be mailed: all of them, or none. What
// is known already adds nothing. It returns the end of the log. Cost: some queries for
// 512 addresses.
func (p *Preferences) Suppress(ctx context.Context, all []Held, now sessions.Millis) (sessions.Seq, error) {
	head, err := p.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		hashes := map[string]bool{}
		for _, h := range all {
			hashes[p.key.hash(h.Email)] = true
		}
		known, err := loadSuppressions(tx, hashes)
		if err != nil {
			return nil, err
		}
		var events []*sessions.Event
		for _, h := range all {
			s := Suppression{Hash: p.key.hash(h.Email), Reason: h.Reason, Detail: withoutAddresses(h.Detail), At: min(h.At, now)}
			if !news(known[s.Hash], s) {
				continue
			}
			known[s.Hash] = append(known[s.Hash], s)
			visitor, err := sessions.FindVisitor(tx, "", "", h.Email)
			if err != nil {
				return nil, err
			}
			e, err := sessions.Own(sessions.AddressSuppressed, visitor, now, suppressed(s))
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		return events, nil
	})
	if err != nil {
		return 0, fmt.Errorf("suppress %d addresses: %w", len(all), err)
	}
	return head.Seq, nil
}

// news reports whether s adds anything to what is known of its address.
func news(known []Suppression, s Suppression) bool {
	return !slices.ContainsFunc(known, func(k Suppression) bool {
		return k.Reason == s.Reason && (s.Reason != SoftBounced || k.At == s.At || slices.Contains(k.times, s.At))
	})
}

// Release takes back all that holds mails to an address back. What its owner asked for
// is taken back only once they consented anew, else the error is [ErrNotReleasable]; it
// is [sessions.ErrNotFound] if nothing holds the address back.
func (p *Preferences) Release(ctx context.Context, email sessions.Email, now sessions.Millis) (sessions.Seq, error) {
	head, err := p.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		hash := p.key.hash(email)
		known, err := loadSuppressions(tx, map[string]bool{hash: true})
		if err != nil {
			return nil, err
		}
		if len(known[hash]) == 0 {
			return nil, sessions.ErrNotFound
		}
		consents, err := loadConsents(tx, map[sessions.Email]bool{email: true})
		if err != nil {
			return nil, err
		}
		if !releasable(known[hash], consents[email]) {
			return nil, ErrNotReleasable
		}
		visitor, err := sessions.FindVisitor(tx, "", "", email)
		if err != nil {
			return nil, err
		}
		e, err := sessions.Own(sessions.AddressReleased, visitor, now, released{hash, now})
		return []*sessions.Event{e}, err
	})
	if err != nil {
		return 0, fmt.Errorf("release an address: %w", err)
	}
	return head.Seq, nil
}

// Said is all that is known of whether one address may be mailed.
type Said struct {
	Email        sessions.Email     `json:"email"`
	State        sessions.MailState `json:"state"`      // unknown, if nobody said anything that counts
	Standing     *Statement         `json:"standing"`   // the statement that holds; null if there is none
	Statements   []Statement        `json:"statements"` // the newest for it and against it of each kind of sender
	Suppressions []Suppression      `json:"suppressions"`
	MayMail      bool               `json:"may_mail"`               // by all that, apart from how often
	Refusal      Reason             `json:"mail_refusal,omitempty"` // why not
}

// unknown is the state of an address of which nobody said anything that counts.
const unknown sessions.MailState = "unknown"

// Said returns what is known of an address, which may be nothing, and what rules make
// of it.
func (p *Preferences) Said(ctx context.Context, email sessions.Email, rules MailRules) (Said, error) {
	s := Said{Email: email, State: unknown, Statements: []Statement{}, Suppressions: []Suppression{}}
	consents, err := loadConsents(p.db.Read(ctx), map[sessions.Email]bool{email: true})
	if err != nil {
		return s, fmt.Errorf("look an address up: %w", err)
	}
	standing, known := consents[email].Standing(rules.BrowserAddresses)
	if known {
		s.State, s.Standing = standing.State, &standing
	}
	s.Statements = append(s.Statements, consents[email]...)
	slices.SortFunc(s.Statements, func(a, b Statement) int {
		if a.over(b) {
			return -1
		}
		return 1
	})
	held, err := p.SuppressionsOf(ctx, email)
	if err != nil {
		return s, fmt.Errorf("look an address up: %w", err)
	}
	s.Suppressions = append(s.Suppressions, held...)
	s.Refusal = rules.refusal(stands(held), standing, known)
	s.MayMail = s.Refusal == ""
	return s, nil
}

// SuppressionsOf returns what holds mails to an address back.
func (p *Preferences) SuppressionsOf(ctx context.Context, email sessions.Email) ([]Suppression, error) {
	hash := p.key.hash(email)
	held, err := loadSuppressions(p.db.Read(ctx), map[string]bool{hash: true})
	return slices.DeleteFunc(held[hash], func(s Suppression) bool { return s.Reason == SoftBounced }), err
}

// Suppressions lists up to limit suppressions, the newest first. After is the seq of
// the last one of the page before, 0 for the first page.
func (p *Preferences) Suppressions(ctx context.Context, after sessions.Seq, limit int) ([]Suppression, error) {
	query := p.db.Read(ctx).Where("reason <> 'soft_bounce'").Order("seq DESC").Limit(limit)
	if after != 0 {
		query = query.Where("seq < ?", int64(after))
	}
	var rows []suppressionRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list suppressions: %w", err)
	}
	all := make([]Suppression, len(rows))
	for i, r := range rows {
		var err error
		if all[i], err = r.suppression(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
