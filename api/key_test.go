package api_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"cartwright/api"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		ctx, keys := context.Background(), api.NewKeys(db)
		for scope, prefix := range map[api.Scope]string{api.Write: "wk_", api.Secret: "sk_"} {
			made, err := keys.Create(ctx, scope, "for the till", start)
			must(t, err)
			if !strings.HasPrefix(made.Value, prefix) || len(made.Value) != len(prefix)+48 {
				t.Errorf("key %q", made.Value)
			}
			found, err := api.NewKeys(db).Find(ctx, made.Value, start)
			must(t, err)
			made.Value = ""
			if found != made || found.Scope != scope || found.Note != "for the till" || found.CreatedAt != sessions.MillisOf(start) {
				t.Errorf("found %+v, made %+v", found, made)
			}
		}
		if _, err := keys.Create(ctx, "admin", "", start); err == nil {
			t.Error("a key of no scope was made")
		}
		if _, err := keys.Find(ctx, "wk_none", start); !errors.Is(err, api.ErrUnknownKey) {
			t.Errorf("unknown key: %v", err)
		}
		all, err := keys.List(ctx)
		must(t, err)
		if len(all) != 2 || all[0].Value != "" {
			t.Errorf("list %+v", all)
		}
	})
}

// What the database holds of a key is its hash.
func TestKeysAreStoredHashed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		_, err := api.NewKeys(db).Ensure(context.Background(), api.Write, "abc", start)
		must(t, err)
		want := "scope  hash                                                              created_at     revoked_at\n" +
			"write  ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  1772366400000  0\n"
		if got := testdb.Rows(t, db, "SELECT scope, hash, created_at, revoked_at FROM keys"); got != want {
			t.Errorf("stored:\n%s", got)
		}
	})
}

func TestAGivenKeyIsTakenOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		ctx, keys := context.Background(), api.NewKeys(db)
		for range 2 {
			made, err := keys.Ensure(ctx, api.Secret, "sk_mine", start)
			must(t, err)
			if made != (api.Key{}) {
				t.Errorf("beside the given key %+v was made", made)
			}
		}
		all, err := keys.List(ctx)
		must(t, err)
		if len(all) != 1 || all[0].Scope != api.Secret {
			t.Fatalf("keys %+v", all)
		}
		for name, value := range map[string]string{
			"of the other scope": "sk_mine", "with a colon": "a:b", "with a blank": "a b", "long": strings.Repeat("k", 256),
		} {
			if _, err := keys.Ensure(ctx, api.Write, value, start); err == nil {
				t.Errorf("a key %s was taken", name)
			}
		}
		must(t, keys.Revoke(ctx, all[0].ID, start))
		if _, err := keys.Ensure(ctx, api.Secret, "sk_mine", start); err == nil {
			t.Error("a revoked key was taken again")
		}
	})
}

// Of processes that start at the same moment, one makes the first key.
func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		made := make(chan api.Key, 5)
		var starting sync.WaitGroup
		for range cap(made) {
			starting.Go(func() {
				key, err := api.NewKeys(db).Ensure(context.Background(), api.Write, "", start)
				if err != nil {
					t.Error(err)
				}
				made <- key
			})
		}
		starting.Wait()
		close(made)
		n := 0
		for key := range made {
			if key.Value != "" {
				n++
			}
		}
		all, err := api.NewKeys(db).List(context.Background())
		must(t, err)
		if n != 1 || len(all) != 1 {
			t.Errorf("%d processes made a key; keys: %+v", n, all)
		}
	})
}

// A revoked key is refused at once where it was revoked, and within ten seconds
// elsewhere.
func TestRevoke(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		ctx, here, elsewhere := context.Background(), api.NewKeys(db), api.NewKeys(db)
		key, err := here.Create(ctx, api.Write, "", start)
		must(t, err)
		for _, keys := range []*api.Keys{here, elsewhere} {
			_, err := keys.Find(ctx, key.Value, start)
			must(t, err)
		}
		must(t, here.Revoke(ctx, key.ID, start))
		if _, err := here.Find(ctx, key.Value, start); !errors.Is(err, api.ErrUnknownKey) {
			t.Errorf("where it was revoked: %v", err)
		}
		if _, err := elsewhere.Find(ctx, key.Value, start.Add(9*time.Second)); err != nil {
			t.Errorf("elsewhere, looked up nine seconds ago: %v", err)
		}
		if _, err := elsewhere.Find(ctx, key.Value, start.Add(10*time.Second)); !errors.Is(err, api.ErrUnknownKey) {
			t.Errorf("elsewhere, ten seconds later: %v", err)
		}
		must(t, here.Revoke(ctx, key.ID, start.Add(time.Hour)))
		all, err := here.List(ctx)
		must(t, err)
		if all[0].RevokedAt != sessions.MillisOf(start) {
			t.Errorf("revoked again, it says %v", all[0].RevokedAt.Time())
		}
		if err := here.Revoke(ctx, "key_none", start); !errors.Is(err, sessions.ErrNotFound) {
			t.Errorf("revoke what is not there: %v", err)
		}
	})
}

// A key that another process just made works at once.
func TestKeyMadeElsewhere(t *testing.T) {
	s := sqliteShop(t)
	s.post("/v1/page", "wk_later", calls["page"]).wants(t, 401, "key_unknown")
	_, err := api.NewKeys(s.db).Ensure(context.Background(), api.Write, "wk_later", start)
	must(t, err)
	s.post("/v1/page", "wk_later", calls["page"]).receipt(t)
}
