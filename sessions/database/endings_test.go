package database_test

import (
	"io/fs"
	"path"
	"testing"
	"testing/fstest"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// before are the migrations that came before one.
func before(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(database.Migrations(), ".", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Base(file) >= name {
			return err
		}
		body, err := fs.ReadFile(database.Migrations(), file)
		files[file] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil || len(files) < 10 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	return files
}

// A shop that ran before there were rows of how deliveries ended, and of who
// unsubscribed, gets those of what its log says, as a replay would write them.
func TestRowsOfAnOlderLog(t *testing.T) {
	empty(t, func(t *testing.T, url string) {
		off := database.Options{Durability: database.Off}
		old, err := database.OpenAt(t.Context(), url, off, before(t, "00043"))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []string{
			`(1, 10, 10, 'page', 'browser', 1, 'is not looked into')`,
			`(2, 20, 20, 'delivery.ended', 'own', 0, '{"data":{"trigger_id":"trg_1","endpoint_id":1,"outcome":"delivered","attempts":1,"status_code":200}}')`,
			`(3, 30, 30, 'delivery.ended', 'own', 0, '{"data":{"trigger_id":"trg_2","endpoint_id":1,"outcome":"suppressed","reason":"order_of_cart","attempts":0}}')`,
			`(4, 40, 40, 'address.suppressed', 'own', 0, '{"data":{"address_hash":"a1","reason":"unsubscribe","at":35}}')`,
			`(5, 50, 50, 'address.suppressed', 'own', 0, '{"data":{"address_hash":"a1","reason":"bounce","at":36}}')`,
		} {
			exec(t, old, "INSERT INTO events (seq, received_at, occurred_at, kind, source, visitor_id, body) VALUES "+row)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		db := mustOpen(t, url, off)
		const want = "seq  trigger_id  channel  outcome     reason         at\n" +
			"2    trg_1       webhook  delivered   \"\"             20\n" +
			"3    trg_2       webhook  suppressed  order_of_cart  30\n"
		if got := testdb.Rows(t, db, "SELECT * FROM endings ORDER BY seq"); got != want {
			t.Errorf("got\n%s", got)
		}
		if got := testdb.Rows(t, db, "SELECT * FROM unsubscribes"); got != "seq  address_hash  occurred_at\n4    a1            35\n" {
			t.Errorf("got\n%s", got)
		}
	})
}
