package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func shown(t *testing.T, value any) string {
	t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestASessionShowsWhatItKnows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		events := sessions.ToldAll(t, `
			browser page a:1 u:/ x:spring
			browser page a:1 u:/socks t:90s
			browser product_viewed a:1 i:7 t:91s u:/socks
			browser products_searched a:1 q:wool t:2m
			browser product_viewed a:1 i:7 i:8 t:3m
			browser page a:1 t:60s
			backend order_completed a:1 o:77 t:5m
			browser page a:1 u:/thanks t:5m`)
		events[0].Device, events[1].Device, events[1].OS = "mobile", "desktop", "Linux"
		events[0].Channel, events[0].Page.Referrer = "email", "https://mail.example/"
		sessions.AppendAll(t, log, events...)
		sessions.FollowAll(t, db, log)
		session, err := sessions.NewHistories(db).Session(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		const want = `{
  "id": 1,
  "visitor_id": 1,
  "started_at": "2026-03-01T10:00:00Z",
  "ended_at": "2026-03-01T10:05:00Z",
  "events": 8,
  "counts": {
    "order_completed": 1,
    "page": 4,
    "product_viewed": 2,
    "products_searched": 1
  },
  "device": "mobile",
  "os": "Linux",
  "channel": "email",
  "campaign": {
    "name": "spring"
  },
  "referrer": "https://mail.example/",
  "landing": "https://shop.example/",
  "pages": [
    {
      "at": "2026-03-01T10:00:00Z",
      "path": "/",
      "time_on_page_ms": 60000
    },
    {
      "at": "2026-03-01T10:01:00Z",
      "time_on_page_ms": 30000
    },
    {
      "at": "2026-03-01T10:01:30Z",
      "path": "/socks",
      "time_on_page_ms": 210000
    },
    {
      "at": "2026-03-01T10:05:00Z",
      "path": "/thanks",
      "time_on_page_ms": null
    }
  ],
  "products": [
    "7",
    "8"
  ],
  "searches": [
    "wool"
  ],
  "orders": [
    "77"
  ]
}`
		if got := shown(t, session); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	})
}

func TestAVisitorWhoWasMergedIsShownAsTheSurvivor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		sessions.AppendAll(t, log, sessions.ToldAll(t, `
			browser page a:phone
			browser page a:laptop e:ann@x t:1m
			browser identify a:laptop c:ann t:2m
			browser identify a:phone c:ann t:3m
			browser page a:other t:4m`)...)
		h, ctx := sessions.NewHistories(db), context.Background()
		visitor, err := h.Visitor(ctx, 5)
		if err != nil || visitor.LastSeen != nil || visitor.Sessions != 0 {
			t.Errorf("before its session is written: %s, error %v", shown(t, visitor), err)
		}
		sessions.FollowAll(t, db, log)
		const want = `{
  "id": 1,
  "anonymous_ids": [
    "laptop",
    "phone"
  ],
  "user_id": "ann",
  "emails": [
    "ann@x"
  ],
  "first_seen": "2026-03-01T10:00:00Z",
  "last_seen": "2026-03-01T10:03:00Z",
  "sessions": 2
}`
		for _, id := range []sessions.VisitorID{1, 2} {
			visitor, err := h.Visitor(ctx, id)
			if got := shown(t, visitor); err != nil || got != want {
				t.Errorf("visitor %d: error %v, got:\n%s\nwant:\n%s", id, err, got, want)
			}
			list, err := h.SessionsOf(ctx, id, 0, 10)
			if got := ids(list); err != nil || !slices.Equal(got, []sessions.SessionID{2, 1}) {
				t.Errorf("sessions of %d: %v, error %v", id, got, err)
			}
		}
		list, err := h.Visitors(ctx, 0, 10)
		if err != nil || len(list) != 2 || list[0].ID != 5 || list[1].ID != 1 {
			t.Errorf("visitors %s, error %v", shown(t, list), err)
		}
		for _, c := range []struct {
			names sessions.Names
			after sessions.VisitorID
			want  []sessions.VisitorID
		}{
			{sessions.Names{Anonymous: "laptop"}, 0, []sessions.VisitorID{1}}, // joined with the phone
			{sessions.Names{Anonymous: "phone", Customer: "ann", Email: "ann@x"}, 0, []sessions.VisitorID{1}},
			{sessions.Names{Anonymous: "other"}, 0, []sessions.VisitorID{5}},
			{sessions.Names{Anonymous: "other"}, 6, []sessions.VisitorID{5}},
			{sessions.Names{Anonymous: "other"}, 5, nil},
			{sessions.Names{Anonymous: "other", Customer: "ann"}, 0, nil},
			{sessions.Names{Customer: "phone"}, 0, nil},
			{sessions.Names{Customer: "ann", Email: "bob@x"}, 0, nil},
			{sessions.Names{}, 0, nil},
		} {
			list, err := h.Known(ctx, c.names, c.after)
			var got []sessions.VisitorID
			for _, v := range list {
				got = append(got, v.ID)
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("known by %+v after %d: %v, error %v", c.names, c.after, got, err)
			}
		}
		if text := shown(t, list[0].Emails); text != "[]" {
			t.Errorf("no emails are shown as %s", text)
		}
	})
}

func ids(list []sessions.Session) (ids []sessions.SessionID) {
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestListsComePageByPage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		for i := range 7 {
			sessions.AppendAll(t, log, sessions.Told(t, fmt.Sprintf("browser page a:%d t:%dh", i%2, i)))
		}
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1 t:8h bot\nbrowser page a:0 t:6h1m\nbrowser page a:0 t:6h2m")...)
		sessions.FollowAll(t, db, log)
		h, ctx := sessions.NewHistories(db), context.Background()
		pages := func(next func(after sessions.SessionID) ([]sessions.Session, error)) (all [][]sessions.SessionID) {
			for after := sessions.SessionID(0); ; {
				page, err := next(after)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					return all
				}
				all, after = append(all, ids(page)), page[len(page)-1].ID
			}
		}
		for want, next := range map[string]func(sessions.SessionID) ([]sessions.Session, error){
			"[[7 6 5] [4 3 2] [1]]": func(after sessions.SessionID) ([]sessions.Session, error) { return h.Sessions(ctx, false, after, 3) },
			"[[8 7 6 5 4] [3 2 1]]": func(after sessions.SessionID) ([]sessions.Session, error) { return h.Sessions(ctx, true, after, 5) },
			"[[7 5] [3 1]]":         func(after sessions.SessionID) ([]sessions.Session, error) { return h.SessionsOf(ctx, 1, after, 2) },
		} {
			if got := fmt.Sprint(pages(next)); got != want {
				t.Errorf("pages %s, want %s", got, want)
			}
		}
		for _, c := range []struct {
			after sessions.Seq
			limit int
			want  []sessions.Seq
		}{{0, 2, []sessions.Seq{7, 9}}, {9, 2, []sessions.Seq{10}}, {10, 2, nil}} {
			events, err := h.Events(ctx, 7, c.after, c.limit)
			if got := sessions.Seqs(events); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("events of session 7 after %d: %v, error %v, want %v", c.after, got, err, c.want)
			}
		}
		visitors, err := h.Visitors(ctx, 2, 5)
		if err != nil || len(visitors) != 1 || visitors[0].ID != 1 {
			t.Errorf("visitors after 2: %s, error %v", shown(t, visitors), err)
		}
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	h, ctx := sessions.NewHistories(testdb.SQLite(t)), context.Background()
	_, visitor := h.Visitor(ctx, 1)
	_, session := h.Session(ctx, 1)
	_, events := h.Events(ctx, 1, 0, 10)
	for what, err := range map[string]error{"visitor": visitor, "session": session, "events": events} {
		if !errors.Is(err, sessions.ErrNotFound) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestStatsCountShoppersOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		sessions.AppendAll(t, log, sessions.ToldAll(t, `
			browser page a:1
			browser page a:2
			browser page a:2 bot
			browser product_viewed a:9 bot
			browser product_added a:1 i:7
			browser identify a:1 c:ann
			browser identify a:2 c:ann
			backend product_updated i:7`)...)
		sessions.FollowAll(t, db, log)
		stats, err := sessions.ReadStats(db.Read(context.Background()))
		if err != nil {
			t.Fatal(err)
		}
		want := sessions.Stats{Visitors: 1, Sessions: 2, Events: map[sessions.Kind]int64{
			sessions.Page: 2, sessions.ProductViewed: 0, sessions.ProductAdded: 1, sessions.ProductRemoved: 0,
			sessions.OrderCompleted: 0, sessions.Identify: 2, sessions.ProductUpdated: 1,
		}}
		if fmt.Sprint(stats) != fmt.Sprint(want) {
			t.Errorf("stats %+v, want %+v", stats, want)
		}
	})
}
