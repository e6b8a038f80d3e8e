package sessions

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// sessionRow is a session as stored.
type sessionRow struct {
	ID             int64 `gorm:"primaryKey;autoIncrement:false"`
	Stream         string
	VisitorID      int64
	Bot            int64
	StartedAt      int64
	EndedAt        int64
	LastReceivedAt int64
	LastSeq        int64
	Events         int64
	CampaignKey    string
	Name           string
	Body           []byte
	Seqs           []byte
}

func (sessionRow) TableName() string { return "sessions" }

var intoSessions = database.Into{
	Table: "sessions",
	Columns: []string{
		"id", "stream", "visitor_id", "bot", "started_at", "ended_at", "last_received_at", "last_seq", "events",
		"campaign_key", "name", "body", "seqs",
	},
	Key: "id", Fixed: []string{"stream", "visitor_id"}, // joins relabel what is stored
}

func (r *sessionRow) values(args []any) []any {
	return append(args, r.ID, r.Stream, r.VisitorID, r.Bot, r.StartedAt, r.EndedAt, r.LastReceivedAt, r.LastSeq, r.Events,
		r.CampaignKey, r.Name, r.Body, r.Seqs)
}

// state is a session while it is folded.
type state struct {
	span         Span
	bot          bool
	lastReceived Millis
	lastSeq      Seq
	history      History
	seqs         []byte
	dirty        bool
}

// A fold turns events, in the order of the log, into sessions. It holds in
// memory what may still change and loads what else an event needs.
//
// Invariant: what it holds together with the rows written are the sessions of
// the log up to cursor, whatever was loaded, written or dropped when.
type fold struct {
	cursor   Seq
	settings Settings
	streams  map[string]*stream
	dirty    []dirtyState
	moved    map[VisitorID]VisitorID // joins that states in memory may not know yet
	relabels [][2]VisitorID          // joins not written yet: moved, survivor
	newest   Millis                  // the latest occurred time seen
}

type dirtyState struct {
	stream string
	state  *state
}

func newFold(cursor Seq, s Settings) *fold {
	return &fold{cursor: cursor, settings: s, streams: map[string]*stream{}, moved: map[VisitorID]VisitorID{}}
}

// add folds events that follow the cursor; tx is where sessions are loaded from.
func (f *fold) add(tx *gorm.DB, events []*Event) error {
	if err := f.load(tx, events); err != nil {
		return err
	}
	for _, e := range events {
		if err := f.addOne(e); err != nil {
			return err
		}
	}
	return nil
}

func (f *fold) addOne(e *Event) (err error) {
	f.cursor = e.Seq
	if f.settings, err = f.settings.After(e); err != nil {
		return err
	}
	for _, moved := range e.Joined {
		f.moved[moved] = e.Visitor
		f.relabels = append(f.relabels, [2]VisitorID{moved, e.Visitor})
	}
	name := e.Stream()
	if name == "" {
		return nil
	}
	f.newest = max(f.newest, e.Occurred)
	st := f.streams[name]
	s := st.find(e, f.settings, f.root)
	if s != nil {
		st.join(s, e)
	} else {
		s = &state{span: Begin(e), bot: e.Bot}
		st.hold(s)
	}
	s.history.add(e)
	s.seqs = appendSeq(s.seqs, s.lastSeq, e.Seq)
	s.lastSeq, s.lastReceived = e.Seq, max(s.lastReceived, e.Received)
	if !s.dirty {
		s.dirty = true
		f.dirty = append(f.dirty, dirtyState{name, s})
	}
	return nil
}

// root follows joins to the visitor that survived.
func (f *fold) root(v VisitorID) VisitorID {
	for {
		next, moved := f.moved[v]
		if !moved {
			return v
		}
		v = next
	}
}

// load makes sure that of every stream of events all sessions are in memory that
// these events can reach.
func (f *fold) load(tx *gorm.DB, events []*Event) error {
	need := map[string]Millis{}
	settings := f.settings
	for _, e := range events {
		var err error
		if settings, err = settings.After(e); err != nil { // they may change among the events
			return err
		}
		name := e.Stream()
		if name == "" {
			continue
		}
		from := e.Occurred.Add(-settings.SessionTimeout)
		if e.Session != "" {
			from = 0 // a named session may have ended long ago
		}
		if st := f.streams[name]; st == nil || from < st.from {
			if have, ok := need[name]; !ok || from < have {
				need[name] = from
			}
		}
	}
	names := make([]string, 0, len(need))
	for name := range need {
		names = append(names, name)
	}
	return database.Each(names, func(part []string) error { return f.loadStreams(tx, part, need) })
}

func (f *fold) loadStreams(tx *gorm.DB, names []string, need map[string]Millis) error {
	from := need[names[0]]
	for _, name := range names {
		from = min(from, need[name])
	}
	var rows []sessionRow
	if err := tx.Where("stream IN ? AND ended_at >= ?", names, int64(from)).Order("id").Find(&rows).Error; err != nil {
		return fmt.Errorf("load sessions of %d streams: %w", len(names), err)
	}
	held := map[SessionID]bool{}
	for _, name := range names {
		if f.streams[name] == nil {
			f.streams[name] = &stream{}
		}
		f.streams[name].from = from
		f.streams[name].all(func(s *state) { held[s.span.ID] = true })
	}
	for _, r := range rows {
		if held[SessionID(r.ID)] {
			continue
		}
		s, err := r.state()
		if err != nil {
			return err
		}
		s.span.Visitor = f.root(s.span.Visitor)
		f.streams[r.Stream].hold(s)
	}
	return nil
}

// rows encodes what changed since the last write, before the transaction that
// saves it: whoever holds the writer makes those wait who append.
func (f *fold) rows() ([]sessionRow, error) {
	rows := make([]sessionRow, len(f.dirty))
	for i, d := range f.dirty {
		d.state.span.Visitor = f.root(d.state.span.Visitor)
		var err error
		if rows[i], err = d.state.row(d.stream); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// write saves rows together with the cursor, and forgets nothing.
func (f *fold) write(tx *gorm.DB, rows []sessionRow) error {
	for _, r := range f.relabels {
		err := tx.Exec("UPDATE sessions SET visitor_id = ? WHERE visitor_id = ?", int64(r[1]), int64(r[0])).Error
		if err != nil {
			return fmt.Errorf("relabel sessions of visitor %d: %w", r[0], err)
		}
	}
	if err := database.Insert(tx, intoSessions, rows, (*sessionRow).values); err != nil {
		return err
	}
	return saveCursor(tx, f)
}

// saved takes note that a write is durable.
func (f *fold) saved() {
	for _, d := range f.dirty {
		d.state.dirty = false
	}
	f.dirty, f.relabels = f.dirty[:0], f.relabels[:0]
}

// drop forgets the sessions that ended before a time. They are loaded again if an
// event needs them. Everything must be saved before: a row that is loaded must
// not wait for a relabelling.
func (f *fold) drop(before Millis) (dropped int) {
	for name, st := range f.streams {
		dropped += st.drop(func(s *state) bool {
			s.span.Visitor = f.root(s.span.Visitor)
			return s.span.End < before
		})
		if st.from = max(st.from, before); st.len() == 0 {
			delete(f.streams, name)
		}
	}
	clear(f.moved) // all that is in memory knows its visitor now
	return dropped
}

func (r sessionRow) state() (*state, error) {
	s := &state{
		span: Span{
			ID: SessionID(r.ID), Visitor: VisitorID(r.VisitorID), Start: Millis(r.StartedAt), End: Millis(r.EndedAt),
			Events: int(r.Events), Campaign: r.CampaignKey, Name: r.Name,
		},
		bot: r.Bot != 0, lastReceived: Millis(r.LastReceivedAt), lastSeq: Seq(r.LastSeq), seqs: r.Seqs,
	}
	if err := json.Unmarshal(r.Body, &s.history); err != nil {
		return nil, fmt.Errorf("read session %d: %w", r.ID, err)
	}
	return s, nil
}

func (s *state) row(stream string) (sessionRow, error) {
	body, err := json.Marshal(&s.history)
	if err != nil {
		return sessionRow{}, fmt.Errorf("encode session %d: %w", s.span.ID, err)
	}
	bot := int64(0)
	if s.bot {
		bot = 1
	}
	return sessionRow{
		ID: int64(s.span.ID), Stream: stream, VisitorID: int64(s.span.Visitor), Bot: bot,
		StartedAt: int64(s.span.Start), EndedAt: int64(s.span.End), LastReceivedAt: int64(s.lastReceived),
		LastSeq: int64(s.lastSeq), Events: int64(s.span.Events), CampaignKey: s.span.Campaign, Name: s.span.Name,
		Body: body, Seqs: s.seqs,
	}, nil
}
