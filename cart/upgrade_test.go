package cart_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// What an older program wrote, and what it did not know to write, is built anew when the
// log is opened after a migration that says so, and only then.
func TestProjectionsAreBuiltAnewAfterAMigration(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart}")
		s.happens(0, added("ann", "cup"), event(sessions.CheckoutStarted, sessions.Browser, by("ann")))
		s.happens(0, added("bob", "cup"))
		s.detect(hour)
		before := tables(t, s.db)
		open := func() {
			log, err := sessions.OpenLog(context.Background(), s.db, sessions.LogOptions{Projections: []sessions.Projection{s.store}})
			if err != nil {
				t.Fatal(err)
			}
			log.Close()
		}
		spoil := func(statements ...string) {
			write(t, s.db, func(tx *gorm.DB) error {
				for _, statement := range statements {
					if err := tx.Exec(statement).Error; err != nil {
						return err
					}
				}
				return nil
			})
		}
		spoil("DELETE FROM enrolments", "UPDATE carts SET checking_out = 0")
		open()
		if tables(t, s.db) == before {
			t.Fatal("it is built anew whenever it is opened")
		}
		spoil("INSERT INTO rebuild (reason) VALUES ('a test')")
		open()
		if after := tables(t, s.db); after != before {
			t.Errorf("built anew\n%s\nwritten\n%s", after, before)
		}
		spoil("DELETE FROM enrolments")
		open()
		if tables(t, s.db) == before {
			t.Error("it was built anew twice")
		}
		spoil("INSERT INTO rebuild (reason) VALUES ('the end of the test')")
		open()
	})
}
