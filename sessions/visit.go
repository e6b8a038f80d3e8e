package sessions

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// Visit is what is known of a shopper's newest session, for whoever decides whether
// to write to them.
type Visit struct {
	Session  SessionID
	Stream   string    // whose it is, see [BrowserStream]
	Visitor  VisitorID // the living one that was asked for
	Sessions int64     // how many sessions the shopper had, this one included
	Started  Millis
	Last     Millis // its last activity, by the received clock
	LastSeq  Seq
	History
}

// BrowserStream stands before the anonymous id in the stream of a browser.
const BrowserStream = "a:"

// NewestVisits returns the newest session of each of some living visitors, as far as sessions are
// written. Visitors without one are absent. Cost: three queries for 512 visitors.
func NewestVisits(tx *gorm.DB, visitors []VisitorID) (map[VisitorID]Visit, error) {
	roots, err := Family(tx, visitors)
	if err != nil {
		return nil, err
	}
	members := make([]int64, 0, len(roots))
	for v := range roots {
		members = append(members, int64(v))
	}
	newest, counts := map[VisitorID]int64{}, map[VisitorID]int64{}
	err = database.Each(members, func(part []int64) error {
		var rows []struct{ VisitorID, ID, N int64 }
		err := tx.Table("sessions").Select("visitor_id, MAX(id) AS id, COUNT(*) AS n").Where("visitor_id IN ? AND bot = 0", part).
			Group("visitor_id").Scan(&rows).Error
		for _, r := range rows {
			root := roots[VisitorID(r.VisitorID)]
			newest[root], counts[root] = max(newest[root], r.ID), counts[root]+r.N
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for visitors' newest sessions: %w", err)
	}
	ids := make([]int64, 0, len(newest))
	for _, id := range newest {
		ids = append(ids, id)
	}
	visits := map[VisitorID]Visit{}
	err = database.Each(ids, func(part []int64) error {
		found, err := visitsOf(tx.Where("id IN ?", part))
		for _, v := range found {
			v.Visitor = roots[v.Visitor]
			v.Sessions = counts[v.Visitor]
			visits[v.Visitor] = v
		}
		return err
	})
	return visits, err
}

// Visits returns sessions by their ids; Sessions is not counted.
func Visits(tx *gorm.DB, ids []SessionID) (map[SessionID]Visit, error) {
	visits := map[SessionID]Visit{}
	err := database.Each(ids, func(part []SessionID) error {
		found, err := visitsOf(tx.Where("id IN ?", part))
		for _, v := range found {
			visits[v.Session] = v
		}
		return err
	})
	return visits, err
}

func visitsOf(query *gorm.DB) ([]Visit, error) {
	var rows []sessionRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load sessions: %w", err)
	}
	visits := make([]Visit, len(rows))
	for i, r := range rows {
		visits[i] = Visit{
			Session: SessionID(r.ID), Stream: r.Stream, Visitor: VisitorID(r.VisitorID), Started: Millis(r.StartedAt),
			Last: Millis(r.LastReceivedAt), LastSeq: Seq(r.LastSeq),
		}
		if err := json.Unmarshal(r.Body, &visits[i].History); err != nil {
			return nil, fmt.Errorf("read session %d: %w", r.ID, err)
		}
	}
	return visits, nil
}

// endedVisitors is of how many visitors sessions are returned at a time.
const endedVisitors = 500

// endedEvents is how many events are looked through at a time for where sessions ended.
const endedEvents = 5000

// EndedVisits returns sessions of known visitors whose last event stands in the log after a
// seq and was received live at a time or before, in no order, and up to which seq
// the log was looked through for them: less than there is where more may follow, where events are
// younger, or where sessions are not written yet. A session that goes on is returned
// again when it ends again. Cost: a read of the part of the log, at most 5,000 events and 500
// visitors, and of their sessions.
func EndedVisits(tx *gorm.DB, after Seq, until Millis) (ended []Visit, upTo Seq, err error) {
	written, _, err := loadCursor(tx)
	if err != nil {
		return nil, after, err
	}
	var rows []struct {
		Seq, ReceivedAt, VisitorID int64
		Source                     string
	}
	err = tx.Table("events").Select("seq, received_at, visitor_id, source").Where("seq > ? AND seq <= ?", int64(after), int64(written)).
		Order("seq").Limit(endedEvents).Scan(&rows).Error
	if err != nil {
		return nil, after, fmt.Errorf("read the log for sessions that ended: %w", err)
	}
	upTo = after
	visitors, imported := map[VisitorID]bool{}, map[Seq]bool{}
	for _, r := range rows {
		if Millis(r.ReceivedAt) > until || len(visitors) == endedVisitors {
			break
		}
		upTo = Seq(r.Seq)
		imported[upTo] = r.Source == string(Imported)
		if r.VisitorID != 0 && r.Source != string(Ours) && !imported[upTo] {
			visitors[VisitorID(r.VisitorID)] = true
		}
	}
	ids, err := living(tx, visitors)
	if err != nil {
		return nil, after, err
	}
	err = database.Each(ids, func(part []int64) error {
		found, err := visitsOf(tx.Where("visitor_id IN ? AND bot = 0 AND last_seq > ? AND last_seq <= ?", part, int64(after), int64(upTo)))
		for _, v := range found {
			if !imported[v.LastSeq] {
				ended = append(ended, v)
			}
		}
		return err
	})
	if err != nil {
		return nil, after, err
	}
	return ended, upTo, rooted(tx, ended)
}

// rooted gives sessions to living visitors. That a visitor was joined to another is in
// the log at once, in the sessions only when they are written the next time.
func rooted(tx *gorm.DB, visits []Visit) error {
	visitors := make([]VisitorID, len(visits))
	for i, v := range visits {
		visitors[i] = v.Visitor
	}
	roots, err := Roots(tx, visitors)
	for i, v := range visits {
		visits[i].Visitor = roots[v.Visitor]
	}
	return err
}

// living returns visitors and those that they were merged into.
func living(tx *gorm.DB, visitors map[VisitorID]bool) ([]int64, error) {
	var ids []int64
	for v := range visitors {
		ids = append(ids, int64(v))
	}
	all := ids
	err := database.Each(ids, func(part []int64) error {
		var into []int64
		if err := tx.Table("visitors").Where("id IN ? AND merged_into <> 0", part).Pluck("merged_into", &into).Error; err != nil {
			return fmt.Errorf("load whom visitors were merged into: %w", err)
		}
		for _, id := range into {
			if !visitors[VisitorID(id)] {
				visitors[VisitorID(id)] = true
				all = append(all, id)
			}
		}
		return nil
	})
	return all, err
}
