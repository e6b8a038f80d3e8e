package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// Replicas that start at the same moment on a database that has nothing, not even a schema, make
// everything once, and none of them fails.
func TestReplicasStartTogether(t *testing.T) {
	t.Parallel()
	url := testdb.PostgresURL(t)
	db, err := database.Open(t.Context(), url, database.Options{Durability: database.Off})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("DROP SCHEMA public CASCADE").Exec("CREATE SCHEMA public").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	binary := build(t, "")
	var starting sync.WaitGroup
	replicas := make([]*process, 4)
	for i := range replicas {
		starting.Go(func() {
			// Given keys would not show who makes them.
			replicas[i] = serveUnder(t, []string{"env", "-u", "CARTWRIGHT_WRITE_KEY", "-u", "CARTWRIGHT_SECRET_KEY", binary},
				"--db", url, "--currency", "EUR", "--webhooks", "https://shop.example/a,https://shop.example/b")
		})
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow() // one of them did not come up
	}
	shown := map[string]int{}
	for i, p := range replicas {
		if err := p.end(t, syscall.SIGTERM); err != nil {
			t.Errorf("replica %d: %v\n%s", i, err, p.log())
		}
		for _, text := range []string{"write key", "secret key", "signing secret of https://shop.example/a", "signing secret of https://shop.example/b"} {
			shown[text] += strings.Count(p.log(), text)
		}
	}
	for text, n := range shown {
		if n != 1 {
			t.Errorf("%s was shown %d times", text, n)
		}
	}
	got := testdb.Rows(t, db, `SELECT (SELECT count(*) FROM keys) AS keys, (SELECT count(*) FROM endpoints) AS endpoints,
		(SELECT count(*) FROM hash_key) AS hash_keys, (SELECT count(*) FROM address_key) AS address_keys, (SELECT count(*) FROM cursors) AS cursors,
		(SELECT count(*) FROM events WHERE kind = 'settings.changed') AS settings,
		(SELECT count(*) FROM events WHERE kind = 'recovery.enabled') AS recovery`)
	if want := "keys  endpoints  hash_keys  address_keys  cursors  settings  recovery\n2     2          1          1             1        1         1\n"; got != want {
		t.Errorf("made:\n%swant:\n%s", got, want)
	}
}

// Beside a serve on one SQLite file, under load, history is imported, carts are looked at and all is
// verified; nobody fails, and nothing is lost or counted twice.
func TestCommandsBesideServe(t *testing.T) {
	t.Parallel()
	binary, db := build(t, ""), filepath.Join(t.TempDir(), "shop.db")
	p := serveBinary(t, binary, "--db", db, "--cart-wait", "2s", "--detect-schedule", "@every 1s")
	f := &fleet{t: t, replicas: []*replica{{name: "serve", process: p, well: true}}}
	crowd := f.visit(4)
	command := func(args ...string) []byte {
		t.Helper()
		var errs bytes.Buffer
		cmd := exec.Command(binary, append(args, "--db", db)...)
		cmd.Dir, cmd.Stderr = t.TempDir(), &errs
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s beside serve: %v\n%s%s", strings.Join(args, " "), err, out, errs.String())
		}
		return out
	}
	imported, rows := 0, 0
	for n := range 3 {
		file := history(t, n)
		for range 2 { // the second time adds nothing
			var tally struct{ Read, Accepted, Duplicates, Rejected int }
			if err := json.Unmarshal(command("import", "--json", "--format", "segment", file), &tally); err != nil {
				t.Fatal(err)
			}
			imported, rows = imported+tally.Accepted, rows+tally.Read
		}
		command("detect", "--json", "--cart-wait", "1s")
		command("detect", "--json", "--deliver", "--cart-wait", "1s")
		command("verify", "--json")
		command("stats", "--json")
	}
	if rows != 6*historyRows || imported != 3*historyRows {
		t.Errorf("%d of %d rows were imported", imported, rows)
	}
	// Serve writes sessions again once the last import is over.
	s := storefront{p.address, testSecretKey}
	eventually(t, "a read of what was just sent", func() bool {
		var answer struct{ Seq int64 }
		err := s.call(t.Context(), "POST", "/v1/track", map[string]any{"anonymousId": "last", "event": "Product Viewed",
			"messageId": fmt.Sprint(time.Now().UnixNano()), "properties": map[string]any{"product_id": "cup"}}, &answer)
		return err == nil && s.call(t.Context(), "GET", fmt.Sprintf("/v1/sessions?after_seq=%d", answer.Seq), nil, nil) == nil
	})
	acknowledged := crowd.leave()
	eventually(t, "a trigger for a cart that was left", func() bool {
		n, _ := triggersIn(t, db)
		return n > 0
	})
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, p.log())
	}
	count := occurrences(t, db)
	t.Logf("%d events acknowledged, %d in the log; %d requests had to be repeated", len(acknowledged), len(count), crowd.tries)
	if n := lost(count, acknowledged); n > 0 || len(acknowledged) < 500 || len(crowd.broken) > 0 {
		t.Errorf("%d of %d acknowledged events are lost; clients saw %v", n, len(acknowledged), crowd.broken)
	}
	for id, n := range count {
		if n > 1 {
			t.Errorf("event %s is in the log %d times", id, n)
		}
	}
	checkTriggersOnce(t, db)
	command("verify", "--json")
}

// historyRows is how many rows an imported file has.
const historyRows = 3000

// history writes a file of what happened long ago.
func history(t *testing.T, n int) string {
	t.Helper()
	var text bytes.Buffer
	for i := range historyRows {
		fmt.Fprintf(&text, `{"type":"track","event":"Product Viewed","messageId":"past-%d-%d","anonymousId":"past-%d","timestamp":"%s","properties":{"product_id":"p%d"}}`+"\n",
			n, i, i/7, time.Date(2020, 1, 1+n, 0, 0, i, 0, time.UTC).Format(time.RFC3339), i%97)
	}
	name := filepath.Join(t.TempDir(), "history.ndjson")
	if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
