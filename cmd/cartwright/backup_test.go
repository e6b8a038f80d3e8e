package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// shopOn opens a shop over the database at url whose webhooks go to a receiver.
func shopOn(t *testing.T, url string, wire *line, secret string) *Shop {
	t.Helper()
	config := defaultConfig()
	config.Database, config.Durability = url, database.Off
	config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
	config.Webhooks = []string{"https://shop.example/hooks " + secret}
	shop, err := OpenShop(t.Context(), config, ShopOptions{Transport: wire})
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

func newLine(t *testing.T, secret string) *line {
	t.Helper()
	r, err := newReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	return &line{receiver: r, when: map[string]time.Time{}}
}

func closeShop(t *testing.T, shop *Shop) {
	t.Helper()
	if err := shop.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// freshURL is a database of a dialect without a schema of ours that has rows.
func freshURL(t *testing.T, dialect database.Dialect) string {
	if dialect == database.Postgres {
		return testdb.PostgresURL(t)
	}
	return filepath.Join(t.TempDir(), "fresh.db")
}

var bothDialects = []database.Dialect{database.SQLite, database.Postgres}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, dialect := range bothDialects {
		t.Run("from "+string(dialect), func(t *testing.T) {
			secret := webhook.NewSecret().Reveal()
			wire := newLine(t, secret)
			wire.set(true) // nothing is delivered before the backup
			url := freshURL(t, dialect)
			shop := shopOn(t, url, wire, secret)
			defer closeShop(t, shop)
			put(t, shop, "/v1/carts/c1", cartOf("ann"))
			post(t, shop, "/v1/orders", with(cartOf("ann"), "order_id", "o1", "cart_id", "c1", "total", 500))
			eventually(t, "the delivery", func() bool {
				return testdb.Rows(t, shop.db, "SELECT count(*) AS n FROM deliveries WHERE attempts > 0") == "n\n1\n"
			})
			err := shop.db.Write(t.Context(), func(tx *gorm.DB) error { // a row that begins with bytes
				_, err := cart.NewLink(tx, cart.Trigger{ID: "trg_of_nothing"}, cart.Email, 1, time.Hour)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "shop.backup")
			backUpUnderLoad(t, shop, url, file)
			for _, target := range bothDialects {
				t.Run("to "+string(target), func(t *testing.T) { restoreAndGoOn(t, file, target, secret) })
			}
		})
	}
}

// backUpUnderLoad makes the backup while shoppers look around.
func backUpUnderLoad(t *testing.T, shop *Shop, url, file string) {
	t.Helper()
	var load sync.WaitGroup
	stop := make(chan struct{})
	for shopper := range 3 {
		load.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					look(t, shop, fmt.Sprintf("%d-%d", shopper, n%50))
				}
			}
		})
	}
	eventually(t, "some load", func() bool { return shop.log.Head().Seq > 300 })
	before := shop.log.Head().Seq
	done := invoke[Backup](t, "backup", "--json", file, "--db", url)
	after := shop.log.Head().Seq
	close(stop)
	load.Wait()
	if done.Head < before || done.Head > after || after == before {
		t.Errorf("the backup ends at %d, the log stood at %d before and %d after it", done.Head, before, after)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != done.Bytes || done.Schema != database.Known() {
		t.Errorf("%+v: %v, %v", done, info, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("beside the backup: %v, %v", entries, err)
	}
	if said := told(t, allowances([]string{url}), exitFailed, "backup", file, "--db", url); !strings.Contains(said, "--force") {
		t.Errorf("a backup over a backup: %s", said)
	}
}

// restoreAndGoOn makes a database of a backup and opens the shop on it.
func restoreAndGoOn(t *testing.T, file string, target database.Dialect, secret string) {
	url := freshURL(t, target)
	done := invoke[Restored](t, "restore", file, "--json", "--db", url)
	if !slices.Equal(done.Paused, []string{"delivery", "mail"}) || !strings.Contains(done.Resume, "resume delivery") {
		t.Errorf("%+v", done)
	}
	checkSameRows(t, file, url)
	if v := invoke[sessions.Verification](t, "verify", "--json", "--db", url); len(v.Differences) > 0 || v.Head != done.Head {
		t.Errorf("verify: %+v", v)
	}
	if said := told(t, allowances([]string{url}), exitFailed, "restore", file, "--db", url); !strings.Contains(said, "not empty") {
		t.Errorf("a restore over a shop: %s", said)
	}
	wire := newLine(t, secret)
	shop := shopOn(t, url, wire, secret)
	defer closeShop(t, shop)
	// What is asked for is done: the jobs run. Nothing is delivered all the same.
	if r := invoke[jobs.Request](t, "jobs", "run", "upkeep", "--json", "--db", url); r.Outcome != jobs.OK {
		t.Errorf("upkeep: %+v", r)
	}
	expect(t, wire.receiver, 0, 0, 0)
	list := invoke[[]jobs.Status](t, "jobs", "--json", "--db", url)
	i := slices.IndexFunc(list, func(s jobs.Status) bool { return s.Name == "delivery" })
	if i < 0 || list[i].Paused == nil || !strings.Contains(list[i].Paused.Reason, "restored") || list[i].Next != nil {
		t.Fatalf("jobs: %+v", list)
	}
	told(t, allowances([]string{url}), exitDone, "jobs", "resume", "delivery", "--db", url)
	eventually(t, "the delivery after the pause", func() bool { return len(wire.receiver.of("cart.converted")) == 1 })
	put(t, shop, "/v1/carts/c2", cartOf("ben"))
	post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", "o2", "cart_id", "c2", "total", 500))
	eventually(t, "a delivery of what is new", func() bool { return len(wire.receiver.of("cart.converted")) == 2 })
}

// checkSameRows compares all tables but those that a restore changes.
func checkSameRows(t *testing.T, a, b string) {
	t.Helper()
	first, second := inspect(t, a), inspect(t, b)
	tables, err := database.Tables(first.Read(t.Context()))
	if err != nil || len(tables) < 20 {
		t.Fatalf("tables %v, %v", tables, err)
	}
	for _, table := range tables {
		if table == "leases" || table == "job_pauses" {
			continue
		}
		rows := func(db *database.DB) string {
			lines := strings.Split(testdb.Rows(t, db, "SELECT * FROM "+table), "\n")
			slices.Sort(lines[1:])
			return strings.Join(lines, "\n")
		}
		if x, y := rows(first), rows(second); x != y {
			t.Errorf("%s differs:\n%.1000s\n%.1000s", table, x, y)
		}
	}
	if held := testdb.Rows(t, second, "SELECT count(*) AS n FROM leases WHERE expires_at > 0"); held != "n\n0\n" {
		t.Errorf("leases held after a restore: %s", held)
	}
}

func inspect(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Inspect(t.Context(), url, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestRestoreOfWhatIsNoBackup(t *testing.T) {
	folder := t.TempDir()
	junk := filepath.Join(folder, "junk")
	if err := os.WriteFile(junk, []byte(strings.Repeat("not a database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(folder, "whole")
	invoke[Backup](t, "backup", whole, "--json", "--db", testdb.SQLiteURL(t))
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(content) / 2; i < len(content)/2+4096; i++ {
		content[i] ^= 0x5a
	}
	torn := filepath.Join(folder, "torn")
	if err := os.WriteFile(torn, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{junk, torn, filepath.Join(folder, "missing")} {
		target := filepath.Join(t.TempDir(), "shop.db")
		told(t, nil, exitFailed, "restore", file, "--db", target)
		if _, err := os.Stat(target); err == nil {
			t.Errorf("%s left %s behind", file, target)
		}
	}
	invoke[Restored](t, "restore", whole, "--json", "--db", filepath.Join(t.TempDir(), "shop.db"))
	told(t, nil, exitUsage, "restore")
	told(t, nil, exitUsage, "backup")
}
