package sessions_test

import (
	"context"
	"slices"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// identityStories tell who a visitor is: the lines are events 1, 2, … one batch each.
var identityStories = []struct{ name, events, visitors, identities string }{
	{
		name: "an anonymous shopper is one visitor, another one another",
		events: `
			browser page a:phone
			browser page a:phone
			browser page a:laptop`,
		visitors:   "1 0 \"\" \n 3 0 \"\"",
		identities: "anonymous laptop 3 \n anonymous phone 1",
	}, {
		name: "the first customer id takes the past of the anonymous one",
		events: `
			browser page a:phone
			browser identify a:phone c:ann
			browser page a:phone`,
		visitors:   "1 0 ann",
		identities: "anonymous phone 1 \n customer ann 1",
	}, {
		name: "two devices of a customer become one visitor, the lowest",
		events: `
			browser page a:phone
			browser page a:laptop
			browser identify a:laptop c:ann
			browser identify a:phone c:ann
			browser page a:laptop`,
		visitors:   "1 0 ann \n 2 1 ann",
		identities: "anonymous laptop 2 \n anonymous phone 1 \n customer ann 2",
	}, {
		name: "a second customer on the family's tablet starts a new visitor",
		events: `
			browser page a:tablet
			browser identify a:tablet c:ann
			browser identify a:tablet c:bob
			browser page a:tablet
			browser page a:tablet c:ann
			browser page a:tablet`,
		visitors:   "1 0 ann \n 3 0 bob",
		identities: "anonymous tablet 1 \n customer ann 1 \n customer bob 3",
	}, {
		name: "an email links two devices",
		events: `
			browser page a:phone e:ann@x
			browser page a:laptop
			browser page a:laptop e:ann@x`,
		visitors:   "1 0 \"\" \n 2 1 \"\"",
		identities: "anonymous laptop 2 \n anonymous phone 1 \n email ann@x 1",
	}, {
		name: "an email never joins two customer ids",
		events: `
			backend identify c:ann e:home@x
			backend identify c:bob e:home@x
			browser page a:new e:home@x`,
		visitors:   "1 0 ann \n 2 0 bob",
		identities: "anonymous new 1 \n customer ann 1 \n customer bob 2 \n email home@x 1",
	}, {
		name: "a newsletter reader who registers is the same",
		events: `
			browser identify e:ann@x
			backend identify c:ann e:ann@x`,
		visitors:   "1 0 ann",
		identities: "customer ann 1 \n email ann@x 1",
	}, {
		name: "one event may join three",
		events: `
			browser page a:phone
			browser identify e:ann@x
			backend identify c:ann
			browser identify a:phone c:ann e:ann@x`,
		visitors:   "1 0 ann \n 2 1 \"\" \n 3 1 ann",
		identities: "anonymous phone 1 \n customer ann 3 \n email ann@x 2",
	}, {
		name: "those merged earlier follow",
		events: `
			browser page a:1
			browser page a:2
			browser page a:3
			browser page a:3 e:m@x
			browser page a:2 e:m@x
			browser page a:1 e:m@x`,
		visitors:   "1 0 \"\" \n 2 1 \"\" \n 3 1 \"\"",
		identities: "anonymous 1 1 \n anonymous 2 2 \n anonymous 3 3 \n email m@x 3",
	}, {
		name: "an alias from a browser takes an anonymous past",
		events: `
			browser page a:old
			browser alias c:ann p:old`,
		visitors:   "1 0 ann",
		identities: "anonymous old 1 \n customer ann 1",
	}, {
		name: "an alias from a browser joins no customers",
		events: `
			backend identify c:ann
			backend identify c:bob a:b
			browser alias c:ann p:bob
			browser alias c:ann p:b`,
		visitors:   "1 0 ann \n 2 0 bob",
		identities: "anonymous b 2 \n anonymous bob 1 \n customer ann 1 \n customer bob 2",
	}, {
		name: "an alias from the backend joins two customers",
		events: `
			backend identify c:ann
			backend identify c:bob
			backend alias c:bob p:ann`,
		visitors:   "1 0 ann \n 2 1 bob",
		identities: "customer ann 1 \n customer bob 2",
	}, {
		name: "an alias from the backend means the customer, though a browser took the id as its own",
		events: `
			backend identify c:ann
			browser page a:ann
			backend identify c:bob
			backend alias c:bob p:ann
			browser page a:ann`,
		visitors:   "1 0 ann \n 2 0 \"\" \n 3 1 bob",
		identities: "anonymous ann 2 \n customer ann 1 \n customer bob 3",
	}, {
		name: "so it does if the browser took it first",
		events: `
			browser page a:ann
			backend identify c:ann
			backend identify c:bob
			backend alias c:bob p:ann
			browser page a:ann`,
		visitors:   "1 0 \"\" \n 2 0 ann \n 3 2 bob",
		identities: "anonymous ann 1 \n customer ann 2 \n customer bob 3",
	}, {
		name: "an alias from the backend takes an anonymous past where no customer has the id",
		events: `
			browser page a:ann
			backend identify c:bob
			backend alias c:bob p:ann`,
		visitors:   "1 0 bob \n 2 1 bob",
		identities: "anonymous ann 1 \n customer bob 2",
	}, {
		name: "bots, products and events of nobody make no visitors",
		events: `
			browser page a:crawler bot
			backend product_updated i:7
			browser page`,
	},
}

func TestIdentityStories(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		for _, story := range identityStories {
			sessions.Wipe(t, db)
			one := identityRows(t, db, sessions.ToldAll(t, story.events), 1)
			want := squeeze("id merged_into customer_id\n" + story.visitors + "\nkind value visitor_id\n" + story.identities)
			if one != want {
				t.Errorf("%s:%s\ngot:\n%s\nwant:\n%s", story.name, story.events, one, want)
			}
			sessions.Wipe(t, db)
			if all := identityRows(t, db, sessions.ToldAll(t, story.events), 100); all != one {
				t.Errorf("%s: in one batch\n%s\none by one\n%s", story.name, all, one)
			}
		}
	})
}

// identityRows appends events in batches of a size and returns the visitors and identities.
func identityRows(t *testing.T, db *database.DB, events []*sessions.Event, size int) string {
	t.Helper()
	log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
	defer log.Close()
	for batch := range slices.Chunk(events, size) {
		sessions.AppendAll(t, log, batch...)
	}
	return squeeze(testdb.Rows(t, db, "SELECT id, merged_into, customer_id FROM visitors ORDER BY id") +
		testdb.Rows(t, db, "SELECT kind, value, visitor_id FROM identities ORDER BY kind, value"))
}

func TestAJoinNamesEveryVisitorOnce(t *testing.T) {
	log := sessions.OpenTestLog(t, testdb.SQLite(t), sessions.LogOptions{})
	events := sessions.ToldAll(t, `
		backend identify c:ann
		browser page a:phone e:ann@x
		browser identify a:phone e:ann@x c:ann`)
	sessions.AppendAll(t, log, events...)
	if last := events[2]; last.Visitor != 1 || !slices.Equal(last.Joined, []sessions.VisitorID{2}) {
		t.Errorf("visitor %d joined %v, want 1 and [2]", last.Visitor, last.Joined)
	}
}

func TestFindVisitorTakesTheMostSpecific(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		sessions.AppendAll(t, log, sessions.ToldAll(t, `
			backend identify c:ann
			browser page a:tablet
			browser identify e:m@x
			browser page a:phone
			browser identify a:phone c:ann`)...)
		tx := db.Read(context.Background())
		for _, c := range []struct {
			anonymous sessions.AnonymousID
			customer  sessions.CustomerID
			email     sessions.Email
			want      sessions.VisitorID
		}{
			{"tablet", "ann", "m@x", 1}, {"tablet", "", "m@x", 2}, {"", "", "m@x", 3}, {"tablet", "eve", "m@x", 2},
			{"phone", "", "", 1}, {"gone", "", "", 0}, {"", "", "", 0},
		} {
			if got, err := sessions.FindVisitor(tx, c.anonymous, c.customer, c.email); err != nil || got != c.want {
				t.Errorf("%+v: visitor %d, error %v", c, got, err)
			}
		}
		if root, err := sessions.Root(tx, 4); err != nil || root != 1 {
			t.Errorf("the root of 4 is %d, error %v", root, err)
		}
		got, err := sessions.IdentifiersOf(tx, 1)
		if err != nil || got.Customer != "ann" || !slices.Equal(got.Anonymous, []sessions.AnonymousID{"phone"}) || len(got.Emails) != 0 {
			t.Errorf("identifiers %+v, error %v", got, err)
		}
	})
}
