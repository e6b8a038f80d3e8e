package sessions_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestDecideAppendsItsEventsWithItsRecords(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
		head, err := log.Decide(context.Background(), func(tx *gorm.DB, h sessions.Head) ([]*sessions.Event, error) {
			if h.Seq != 1 {
				t.Errorf("head %+v", h)
			}
			decision, err := sessions.Own(sessions.DecisionMade, 1, sessions.Epoch+7, map[string]string{"why": "idle"})
			if err != nil {
				return nil, err
			}
			enabled, err := sessions.Own(sessions.RecoveryEnabled, 0, sessions.Epoch+8, struct{}{})
			return []*sessions.Event{decision, enabled}, errors.Join(err,
				tx.Exec("INSERT INTO cursors (name, seq) VALUES ('record', ?)", int64(h.Seq)).Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := (sessions.Head{Seq: 3, Newest: sessions.Epoch}); head != want || log.Head() != want {
			t.Errorf("head %+v, then %+v, want %+v", head, log.Head(), want)
		}
		events := since(t, log, 1, 10)
		if len(events) != 2 || events[0].Visitor != 1 || string(events[0].Data) != `{"why":"idle"}` || events[0].Source != sessions.Ours {
			t.Errorf("events\n%s", sessions.Described(events))
		}
		expect(t, db, "SELECT name, seq FROM cursors", "name seq\nrecord 1")
		settings, err := sessions.LoadSettings(db.Read(context.Background()))
		if err != nil || settings.RecoveryEnabled != sessions.Epoch+8 {
			t.Errorf("settings %+v, error %v: the projections did not see the decision's events", settings, err)
		}
		expectIngest(t, db, sessions.Ingest{Received: 1, Accepted: 1}) // our own events were not received
	})
}

func TestNothingIsAppendedWhileADecisionIsMade(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		// The sender writes through a log of its own, as another replica would.
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		other := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		appended := make(chan sessions.Receipt, 1)
		head, err := log.Decide(context.Background(), func(tx *gorm.DB, h sessions.Head) ([]*sessions.Event, error) {
			go func() {
				receipt, err := other.Append(context.Background(), sessions.Batch{Events: sessions.ToldAll(t, "browser page a:1")})
				if err != nil {
					t.Error(err)
				}
				appended <- receipt
			}()
			for range 10_000 { // a head start
				runtime.Gosched()
			}
			e, err := sessions.Own(sessions.DecisionMade, 0, sessions.Epoch, struct{}{})
			return []*sessions.Event{e}, err
		})
		if err != nil || head.Seq != 1 {
			t.Fatalf("head %+v, error %v", head, err)
		}
		if receipt := <-appended; receipt.Seq != 2 {
			t.Errorf("receipt %+v", receipt)
		}
		expect(t, db, "SELECT seq, kind FROM events ORDER BY seq", "seq kind\n1 decision.made\n2 page")
	})
}

func TestAFailedDecisionLeavesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		wrong := errors.New("wrong")
		_, err := log.Decide(context.Background(), func(tx *gorm.DB, h sessions.Head) ([]*sessions.Event, error) {
			return nil, errors.Join(wrong, tx.Exec("INSERT INTO cursors (name, seq) VALUES ('record', 1)").Error)
		})
		if !errors.Is(err, wrong) {
			t.Errorf("error %v", err)
		}
		expect(t, db, "SELECT name FROM cursors", "name")
		if receipt := sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1")); receipt.Seq != 1 {
			t.Errorf("receipt %+v", receipt)
		}
		cancelled, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := log.Decide(cancelled, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled decision answered %v", err)
		}
	})
}

// ownDecision decides something about a visitor.
func ownDecision(v sessions.VisitorID, now sessions.Millis) func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
	return func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(sessions.DecisionMade, v, now, struct{}{})
		return []*sessions.Event{e}, err
	}
}
