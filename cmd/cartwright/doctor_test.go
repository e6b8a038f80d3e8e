package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// doctored is what the doctor finds, as “state check”, and the exit code.
func doctored(t *testing.T, url string, args ...string) (found map[string][]finding, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"doctor", "--json", "--db", url}, args...)
	code = run(t.Context(), args, streams{strings.NewReader(""), &out, &errs, allowances(args)})
	var report struct{ Checks []finding }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("exit %d, %v: %s%s", code, err, out.String(), errs.String())
	}
	found = map[string][]finding{}
	for _, f := range report.Checks {
		key := f.State + " " + f.Check
		found[key] = append(found[key], f)
		if f.State != fine && f.Remedy == "" {
			t.Errorf("nothing is said of what to do: %+v", f)
		}
	}
	return found, code
}

// wants compares the checks that did not go well, but for what the machine of the test decides.
func wants(t *testing.T, found map[string][]finding, want ...string) {
	t.Helper()
	var got []string
	for key := range found {
		machine := strings.HasSuffix(key, " clock") || strings.HasSuffix(key, " commit") || key == "warning durability" || key == "warning disk"
		if !strings.HasPrefix(key, fine) && !machine {
			got = append(got, key)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q: %+v", got, want, found)
	}
}

// A shop in good order on both databases; and the doctor leaves it as it was, row by row.
func TestDoctorOfAHealthyShop(t *testing.T) {
	hooks := httptest.NewServer(nil)
	defer hooks.Close()
	for _, dialect := range bothDialects {
		t.Run(string(dialect), func(t *testing.T) {
			secret := webhook.NewSecret().Reveal()
			url := freshURL(t, dialect)
			shop := shopOn(t, url, newLine(t, secret), secret)
			put(t, shop, "/v1/carts/c1", cartOf("ann"))
			closeShop(t, shop)
			file, before := fileOf(t, url), dump(t, url)
			found, code := doctored(t, url, "--webhooks", hooks.URL, "--webhook-allow-private", "--webhook-allow-insecure")
			wants(t, found)
			if code != exitDone || len(found["ok endpoints"]) != 1 || len(found["ok keys"]) != 1 || len(found["ok log"]) != 1 {
				t.Errorf("exit %d: %+v", code, found)
			}
			if dump(t, url) != before || !bytes.Equal(fileOf(t, url), file) {
				t.Error("the doctor changed the database")
			}
			if dialect == database.SQLite {
				for _, e := range must(os.ReadDir(filepath.Dir(url))) {
					if strings.HasPrefix(e.Name(), ".") {
						t.Errorf("the doctor left %s", e.Name())
					}
				}
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// fileOf is the content of a database file, nothing for PostgreSQL.
func fileOf(t *testing.T, url string) []byte {
	t.Helper()
	if strings.Contains(url, "://") {
		return nil
	}
	return must(os.ReadFile(url))
}

// dump is all rows of all tables.
func dump(t *testing.T, url string) string {
	t.Helper()
	db := inspect(t, url)
	var all strings.Builder
	for _, table := range must(database.Tables(db.Read(t.Context()))) {
		all.WriteString(table + "\n" + testdb.Rows(t, db, "SELECT * FROM "+table))
	}
	return all.String()
}

// spoil runs statements on a database that no one has open.
func spoil(t *testing.T, url string, statements ...string) {
	t.Helper()
	db := must(database.Open(t.Context(), url, database.Options{Durability: database.Off}))
	defer db.Close()
	for _, s := range statements {
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(s).Error }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDoctorFinds(t *testing.T) {
	future := fmt.Sprint(time.Now().Add(time.Hour).UnixMilli())
	const hook = "https://shop.example/hooks"
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		args  []string
		want  []string
		code  int
	}{
		{"no database", func(t *testing.T, path string) { must(0, os.Remove(path)) }, nil,
			[]string{"warning database", "warning endpoints"}, exitDone},
		{"a folder that is not there", func(*testing.T, string) {}, []string{"--db", "/nonexistent/shop.db"},
			[]string{"failed file", "warning database", "warning endpoints"}, exitFailed},
		{"a file of something else", func(t *testing.T, path string) {
			must(0, os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600))
		}, nil, []string{"failed database", "warning endpoints"}, exitFailed},
		{"a newer schema", func(t *testing.T, path string) {
			spoil(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, 1)")
		}, nil, []string{"failed database", "warning endpoints"}, exitFailed},
		{"an older schema", func(t *testing.T, path string) {
			spoil(t, path, "DELETE FROM goose_db_version WHERE version_id > 10")
		}, nil, []string{"warning database", "warning endpoints"}, exitDone},
		{"a file that others read", func(t *testing.T, path string) { must(0, os.Chmod(path, 0o644)) }, nil,
			[]string{"warning endpoints", "warning file", "warning jobs", "warning keys"}, exitDone},
		{"a database that was never used", func(*testing.T, string) {}, nil,
			[]string{"warning endpoints", "warning jobs", "warning keys"}, exitDone},
		{"events of tomorrow", func(t *testing.T, path string) { spoil(t, path, "UPDATE head SET newest = "+future) }, nil,
			[]string{"failed log", "warning endpoints", "warning jobs", "warning keys"}, exitFailed},
		{"an endpoint that is gone", func(t *testing.T, path string) {
			spoil(t, path, "INSERT INTO endpoints (id, url, secrets, created_at, disabled_at, disabled_reason) VALUES (1, '"+hook+"', '', 0, 5, 'gone')")
		}, nil, []string{"warning endpoints", "warning jobs", "warning keys"}, exitDone},
		{"an endpoint at a private address", func(*testing.T, string) {}, []string{"--webhooks", "https://127.0.0.1/x"},
			[]string{"failed configuration", "warning jobs", "warning keys"}, exitFailed},
		{"an endpoint that does not answer", func(*testing.T, string) {},
			[]string{"--webhooks", "http://127.0.0.1:1/x", "--webhook-allow-private", "--webhook-allow-insecure"},
			[]string{"failed endpoints", "warning jobs", "warning keys"}, exitFailed},
		{"a job that fails, one that is late and one that is paused", func(t *testing.T, path string) {
			spoil(t, path, "INSERT INTO job_table VALUES ('a', 0, '@every 1m', '', 1), ('b', 1, '@every 1m', '', 1)",
				"INSERT INTO job_state VALUES ('a', 5, 5, 'failed', '{}', 'no luck', 1)", "INSERT INTO job_pauses VALUES ('b', 5, 'ann', 'why not')")
		}, nil, []string{"warning endpoints", "warning jobs", "warning keys"}, exitDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := testdb.SQLiteURL(t)
			c.spoil(t, path)
			found, code := doctored(t, path, c.args...)
			wants(t, found, c.want...)
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			if n := len(found["warning jobs"]); strings.HasPrefix(c.name, "a job") && n != 3 {
				t.Errorf("%d warnings of jobs: %+v", n, found["warning jobs"])
			}
		})
	}
}

func TestDoctorFindsDamage(t *testing.T) {
	path := testdb.SQLiteURL(t)
	content := must(os.ReadFile(path))
	for i := 3 * 4096; i < 12*4096; i++ {
		content[i] ^= 0x5a
	}
	must(0, os.WriteFile(path, content, 0o600))
	found, code := doctored(t, path)
	if code != exitFailed || len(found["failed integrity"])+len(found["failed database"]) == 0 {
		t.Errorf("exit %d: %+v", code, found)
	}
}

// A disk that is full is one fault, and its cause stands there once.
func TestDoctorOfAFullDisk(t *testing.T) {
	folder := smallDisk(t)
	db := filepath.Join(folder, "shop.db")
	shopAt(t, t.TempDir(), db)
	ballast := filepath.Join(folder, "ballast")
	fill(t, ballast)
	found, code := doctored(t, db)
	if err := os.Remove(ballast); err != nil { // for the shop to end in peace
		t.Fatal(err)
	}
	commits := found["failed commit"]
	if code != exitFailed || len(commits) != 1 || strings.Count(commits[0].Detail, "no space left") != 1 || len(found["failed disk"]) != 1 {
		t.Errorf("exit %d: %+v", code, found)
	}
}

func TestTheStateOfRoomAndClocks(t *testing.T) {
	for want, judge := range map[string]func(*findings){
		"ok disk":                            func(f *findings) { f.room(200<<30, 1<<30, true, "") },
		"ok disk, of what is not known":      func(f *findings) { f.room(2<<30, 0, false, "") },
		"warning disk, by days":              func(f *findings) { f.room(20<<30, 1<<30, true, "") },
		"warning disk, by bytes":             func(f *findings) { f.room(500<<20, 0, false, "") },
		"failed disk":                        func(f *findings) { f.room(10<<20, 0, false, "") },
		"ok clock":                           func(f *findings) { f.skew(-time.Second) },
		"warning clock":                      func(f *findings) { f.skew(-5 * time.Second) },
		"failed clock":                       func(f *findings) { f.skew(time.Hour) },
		"failed clock, of a machine of 1970": func(f *findings) { f.systemClock(time.Unix(1000, 0)) },
	} {
		var f findings
		judge(&f)
		state, _, _ := strings.Cut(want, ",")
		if len(f) != 1 || f[0].State+" "+f[0].Check != state {
			t.Errorf("%s: %+v", want, f)
		}
	}
}

// The growth of the last week is the share of events that were received in it.
func TestGrowth(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
		at := now.Add(-20 * 24 * time.Hour)
		log := must(sessions.OpenLog(t.Context(), db, sessions.LogOptions{Now: func() time.Time { return at }}))
		defer log.Close()
		for ; at.Before(now); at = at.Add(24 * time.Hour) {
			e := &sessions.Event{Kind: sessions.Page, Source: sessions.Browser, Received: sessions.MillisOf(at)}
			e.Anonymous = sessions.AnonymousID(at.String())
			must(log.Append(t.Context(), sessions.Batch{Events: []*sessions.Event{e}}))
		}
		pace, known, err := growth(t.Context(), db, 2000, now) // 100 bytes an event, one a day
		if err != nil || !known || pace < 90 || pace > 110 {
			t.Errorf("%g bytes a day, %t, %v", pace, known, err)
		}
		if _, known, err := growth(t.Context(), db, 2000, now.Add(-20*24*time.Hour)); err != nil || known {
			t.Errorf("known of a log of minutes: %t, %v", known, err)
		}
	})
}
