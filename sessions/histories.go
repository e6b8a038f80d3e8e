package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// Visitor is one shopper, as shown.
type Visitor struct {
	ID VisitorID `json:"id"`
	Identifiers
	FirstSeen time.Time  `json:"first_seen"`
	LastSeen  *time.Time `json:"last_seen"` // when something last arrived; null before the first session is written
	Sessions  int64      `json:"sessions"`
}

// Session is a run of one stream's events, as shown.
type Session struct {
	ID        SessionID     `json:"id"`
	Visitor   VisitorID     `json:"visitor_id,omitempty"`
	Bot       bool          `json:"bot,omitempty"`
	StartedAt time.Time     `json:"started_at"`
	EndedAt   time.Time     `json:"ended_at"` // its last activity
	Events    int64         `json:"events"`
	Counts    map[Kind]int  `json:"counts"`
	Device    string        `json:"device,omitempty"`
	Browser   string        `json:"browser,omitempty"`
	OS        string        `json:"os,omitempty"`
	Country   string        `json:"country,omitempty"`
	Timezone  string        `json:"timezone,omitempty"`
	Channel   string        `json:"channel,omitempty"`
	Campaign  *Campaign     `json:"campaign,omitempty"`
	Referrer  string        `json:"referrer,omitempty"`
	Landing   string        `json:"landing,omitempty"` // the address of the first page
	Pages     []SessionPage `json:"pages"`
	Products  []ProductID   `json:"products"`
	Searches  []string      `json:"searches"`
	Orders    []OrderID     `json:"orders"`
	seqs      []Seq
}

// SessionPage is a page that was viewed in a session.
type SessionPage struct {
	At    time.Time `json:"at"`
	Path  string    `json:"path,omitempty"`
	Title string    `json:"title,omitempty"`
	Name  string    `json:"name,omitempty"`

	// TimeOnPage is how long until the next page, or until the session's last
	// activity, in milliseconds; null where nothing followed.
	TimeOnPage *int64 `json:"time_on_page_ms"`
}

// Histories reads visitors, their sessions and the events of those. Lists come
// newest first; after is the last id of the page before, 0 for the first page.
type Histories struct{ db *database.DB }

// NewHistories returns the histories of a database.
func NewHistories(db *database.DB) *Histories { return &Histories{db} }

// Visitor returns a visitor; one that was merged is shown as the one it became
// part of. The error is [ErrNotFound] if there is none.
func (h *Histories) Visitor(ctx context.Context, id VisitorID) (Visitor, error) {
	tx := h.db.Read(ctx)
	root, err := Root(tx, id)
	if err != nil {
		return Visitor{}, err
	}
	found, err := visitors(tx.Where("id = ?", int64(root)), h.db.Read(ctx))
	if err != nil {
		return Visitor{}, err
	}
	if len(found) == 0 {
		return Visitor{}, fmt.Errorf("visitor %d: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Visitors lists living visitors.
func (h *Histories) Visitors(ctx context.Context, after VisitorID, limit int) ([]Visitor, error) {
	query := h.db.Read(ctx).Where("merged_into = 0").Order("id DESC").Limit(limit)
	if after > 0 {
		query = query.Where("id < ?", int64(after))
	}
	return visitors(query, h.db.Read(ctx))
}

// Known lists the living visitor who has all of some names, if there is one and it comes
// after another.
func (h *Histories) Known(ctx context.Context, names Names, after VisitorID) ([]Visitor, error) {
	var known VisitorID
	for _, id := range names.list() {
		v, err := ownerOf(h.db.Read(ctx), id)
		if err != nil {
			return nil, err
		}
		if v == 0 || known != 0 && v != known {
			return nil, nil
		}
		known = v
	}
	if after > 0 && known >= after {
		return nil, nil
	}
	return visitors(h.db.Read(ctx).Where("id = ?", int64(known)), h.db.Read(ctx))
}

func visitors(query, tx *gorm.DB) ([]Visitor, error) {
	var rows []visitorRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load visitors: %w", err)
	}
	ids := make([]VisitorID, len(rows))
	for i, r := range rows {
		ids[i] = VisitorID(r.ID)
	}
	names, err := identifiers(tx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]Visitor, len(rows))
	for i, r := range rows {
		v := Visitor{ID: ids[i], Identifiers: names[ids[i]], FirstSeen: Millis(r.CreatedAt).Time()}
		v.Anonymous, v.Emails = orEmpty(v.Anonymous), orEmpty(v.Emails)
		if err := v.count(tx); err != nil {
			return nil, err
		}
		found[i] = v
	}
	return found, nil
}

// count fills in what the sessions say of a visitor.
func (v *Visitor) count(tx *gorm.DB) error {
	var row struct{ N, Last int64 }
	err := tx.Table("sessions").Select("COUNT(*) AS n, COALESCE(MAX(last_received_at), 0) AS last").
		Where("visitor_id = ?", int64(v.ID)).Scan(&row).Error
	if err != nil {
		return fmt.Errorf("count sessions of visitor %d: %w", v.ID, err)
	}
	if v.Sessions = row.N; row.N > 0 {
		last := Millis(row.Last).Time()
		v.LastSeen = &last
	}
	return nil
}

// Session returns a session, or [ErrNotFound].
func (h *Histories) Session(ctx context.Context, id SessionID) (Session, error) {
	found, err := sessionsOf(h.db.Read(ctx).Where("id = ?", int64(id)))
	if err != nil {
		return Session{}, err
	}
	if len(found) == 0 {
		return Session{}, fmt.Errorf("session %d: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Sessions lists sessions, those of bots only if asked for.
func (h *Histories) Sessions(ctx context.Context, bots bool, after SessionID, limit int) ([]Session, error) {
	query := h.page(ctx, after, limit)
	if !bots {
		query = query.Where("bot = 0")
	}
	return sessionsOf(query)
}

// SessionsOf lists the sessions of a visitor.
func (h *Histories) SessionsOf(ctx context.Context, v VisitorID, after SessionID, limit int) ([]Session, error) {
	root, err := Root(h.db.Read(ctx), v)
	if err != nil {
		return nil, err
	}
	return sessionsOf(h.page(ctx, after, limit).Where("visitor_id = ?", int64(root)))
}

func (h *Histories) page(ctx context.Context, after SessionID, limit int) *gorm.DB {
	query := h.db.Read(ctx).Order("id DESC").Limit(limit)
	if after > 0 {
		query = query.Where("id < ?", int64(after))
	}
	return query
}

// Events lists the events of a session in the order they arrived, from after a
// seq on.
func (h *Histories) Events(ctx context.Context, id SessionID, after Seq, limit int) ([]*Event, error) {
	session, err := h.Session(ctx, id)
	if err != nil {
		return nil, err
	}
	seqs := make([]int64, 0, limit)
	for _, seq := range session.seqs {
		if seq > after && len(seqs) < limit {
			seqs = append(seqs, int64(seq))
		}
	}
	var rows []eventRow
	if err := h.db.Read(ctx).Where("seq IN ?", seqs).Order("seq").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load events of session %d: %w", id, err)
	}
	return eventsOf(rows)
}

func sessionsOf(query *gorm.DB) ([]Session, error) {
	var rows []sessionRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load sessions: %w", err)
	}
	found := make([]Session, len(rows))
	for i, r := range rows {
		s, err := r.session()
		if err != nil {
			return nil, err
		}
		found[i] = s
	}
	return found, nil
}

func (r sessionRow) session() (Session, error) {
	var h History
	if err := json.Unmarshal(r.Body, &h); err != nil {
		return Session{}, fmt.Errorf("read session %d: %w", r.ID, err)
	}
	s := Session{
		ID: SessionID(r.ID), Visitor: VisitorID(r.VisitorID), Bot: r.Bot != 0,
		StartedAt: Millis(r.StartedAt).Time(), EndedAt: Millis(r.EndedAt).Time(),
		Events: r.Events, Counts: h.Counts, Device: h.Device, Browser: h.Browser, OS: h.OS, Country: h.Country, Timezone: h.Zone,
		Pages: make([]SessionPage, len(h.Pages)), Products: orEmpty(h.Products), Searches: orEmpty(h.Searches), Orders: orEmpty(h.Orders),
		seqs: decodeSeqs(r.Seqs),
	}
	if h.Entry != nil {
		s.Channel, s.Campaign, s.Referrer, s.Landing = h.Entry.Channel, h.Entry.Campaign, h.Entry.Referrer, h.Entry.URL
	}
	for i, p := range h.Pages {
		next := Millis(r.EndedAt)
		if i+1 < len(h.Pages) {
			next = h.Pages[i+1].At
		}
		s.Pages[i] = SessionPage{At: p.At.Time(), Path: p.Path, Title: p.Title, Name: p.Name}
		if spent := int64(next - p.At); spent > 0 {
			s.Pages[i].TimeOnPage = &spent
		}
	}
	return s, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
