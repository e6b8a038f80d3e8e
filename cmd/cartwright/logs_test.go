package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions/database"
)

// marks are what says who somebody is, each found again by a part of its own. The first is an address
// of the network, of which logs must not even have the digits.
var marks = map[string]string{
	"address": "203.0.113.77", "email": "marked.ann@shopper.example", "user": "user-8f2c", "anonymous": "anon-77d1",
	"message": "message-41ab", "wrong key": "wk_wrong5150", "query": "query-93fe", "body": "body-c0de", "path": "path-5eed",
	"method": "MARKED-METHOD", "agent": "agent-beef",
}

// markedTraffic is what shoppers, and those who try their luck, send: good, bad and in the wrong place.
func markedTraffic(t *testing.T) []*http.Request {
	t.Helper()
	event := fmt.Sprintf(`{"userId":%q,"anonymousId":%q,"messageId":%q,"event":"Product Added","properties":{"product_id":"cup","price":1,"currency":"EUR","note":%q},`+
		`"context":{"traits":{"email":%q},"page":{"url":"https://shop.example/?q=%s"}}}`, marks["user"], marks["anonymous"], marks["message"], marks["body"], marks["email"], marks["query"])
	cart := fmt.Sprintf(`{"visitor":{"user_id":%q,"email":%q},"currency":"EUR","lines":[{"product_id":"cup","quantity":1,"unit_price":500}]}`, marks["user"], marks["email"])
	order := fmt.Sprintf(`{"order_id":%q,"visitor":{"user_id":%q,"email":%q},"currency":"EUR","total":500,"lines":[{"product_id":"cup","quantity":1,"unit_price":500}]}`,
		marks["email"], marks["user"], marks["email"])
	var all []*http.Request
	add := func(key, method, path, body string) {
		r, err := http.NewRequest(method, path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			r.SetBasicAuth(key, "")
		}
		r.Header.Set("X-Forwarded-For", marks["address"])
		r.Header.Set("User-Agent", marks["agent"])
		all = append(all, r)
	}
	for _, key := range []string{testSecretKey, testWriteKey, marks["wrong key"], ""} {
		for _, body := range []string{event, strings.Replace(event, "Product Added", "Page", 1), `{"userId":"` + marks["user"], `[` + event + `]`, ""} {
			add(key, "POST", "/v1/track", body)
			add(key, "POST", "/v1/batch?writeKey="+marks["wrong key"], `{"batch":[`+body+`]}`)
		}
		add(key, "PUT", "/v1/carts/"+marks["path"], cart)
		add(key, "PUT", "/v1/carts/"+marks["email"], strings.Replace(cart, "EUR", marks["body"], 1))
		add(key, "POST", "/v1/orders", order)
		add(key, "GET", "/v1/carts/"+marks["path"], "")
		add(key, "GET", "/v1/visitors/"+marks["email"]+"?limit="+marks["query"], "")
		add(key, "GET", "/v1/visitors?after="+marks["email"], "")
		add(key, "GET", "/v1/sessions", "")
		add(key, "GET", "/v1/triggers?after="+marks["email"], "")
		add(key, "GET", "/v1/recommendations?context=cart&user_id="+marks["user"]+"&anonymous_id="+marks["anonymous"], "")
		add(key, "POST", "/v1/jobs/"+marks["path"]+"/run", `{"reason":"`+marks["email"]+`"}`)
		add(key, marks["method"], "/"+marks["path"]+"?email="+marks["email"], "")
	}
	return all
}

// checkSilent looks for the marks in a log, which must be one of JSON but for what is announced.
func checkSilent(t *testing.T, log string, least int) {
	t.Helper()
	for what, mark := range marks {
		if i := strings.Index(log, mark); i >= 0 {
			t.Errorf("the log has the mark of %s: …%s…", what, log[max(0, i-200):min(len(log), i+100)])
		}
	}
	for _, key := range []string{testWriteKey, testSecretKey, "whsec_"} {
		if strings.Contains(log, key) {
			t.Errorf("the log has %s", key)
		}
	}
	lines := 0
	for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
		if strings.HasPrefix(line, "Cartwright is listening") {
			continue
		}
		lines++
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
		if strings.Contains(line, `":"a sessions.`) || strings.Contains(line, `":"a database.`) {
			t.Errorf("a line hides what is nobody's: %s", line)
		}
	}
	if lines < least {
		t.Errorf("only %d lines, so that the test shows nothing:\n%s", lines, log)
	}
}

// The real program at the most talkative level, with its database damaged half-way.
func TestTheLogNamesNobody(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	p := serveBinary(t, build(t, ""), "--db", db, "--log-level", "debug", "--trusted-proxies", "127.0.0.1", "--rate-limit-address", "0",
		"--webhooks", "https://nowhere.invalid/hooks?token="+marks["query"]+" "+webhook.NewSecret().Reveal())
	statuses := map[int]int{}
	all := func() {
		for _, r := range markedTraffic(t) {
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(p.address, "http://")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			statuses[answer.StatusCode/100]++
		}
	}
	all()
	spoil(t, db, "DROP TABLE sessions", "DROP TABLE carts", "DROP TABLE orders",
		"CREATE TRIGGER planted BEFORE INSERT ON identities BEGIN SELECT RAISE(ABORT, 'planted "+marks["email"]+"'); END")
	all()
	talkNonsense(t, p.address)
	eventually(t, "the log of failures", func() bool {
		return strings.Contains(p.log(), `"request failed"`) && strings.Contains(p.log(), "no such table")
	})
	if statuses[2] == 0 || statuses[4] == 0 || statuses[5] == 0 {
		t.Errorf("answers by hundred: %v", statuses)
	}
	if !strings.Contains(p.log(), `"route":"/v1/carts/:id"`) || !strings.Contains(p.log(), `"status":401`) {
		t.Error("requests are not in the log at the level debug")
	}
	_ = p.end(t, syscall.SIGTERM) // it may fail: its tables are gone
	checkSilent(t, p.log(), 100)
}

// talkNonsense makes net/http itself complain.
func talkNonsense(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s / HTTP/9.9\r\n%s: %s\r\n\r\n", marks["method"], marks["email"], marks["address"])
	_, _ = io.Copy(io.Discard, conn)
}

// PostgreSQL and its driver repeat refused values in their messages.
func TestTheLogNamesNobodyOnPostgres(t *testing.T) {
	var log lockedBuffer
	config := defaultConfig()
	config.Database, config.Durability = testdb.PostgresURL(t), database.Off
	config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
	config.TrustedProxies, config.RateLimitAddress = []string{"192.0.2.1"}, 0
	shop, err := OpenShop(t.Context(), config, ShopOptions{Logger: newLogger(&log, slog.LevelDebug)})
	if err != nil {
		t.Fatal(err)
	}
	defer closeShop(t, shop)
	all := func() {
		for _, r := range markedTraffic(t) {
			r.RemoteAddr = "192.0.2.1:5"
			if r.Body == nil {
				r.Body = http.NoBody
			}
			shop.Handler().ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	all()
	for _, s := range []string{
		"DELETE FROM identities", "ALTER TABLE identities ALTER COLUMN value TYPE BIGINT USING 0",
		"DELETE FROM rejected", "ALTER TABLE rejected ADD CHECK (reason = 'x')", "ALTER TABLE triggers ALTER COLUMN id TYPE BIGINT USING 0",
	} {
		if err := shop.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(s).Error }); err != nil {
			t.Fatal(err)
		}
	}
	all()
	checkSilent(t, log.String(), 100)
	if !strings.Contains(log.String(), "request failed") && !strings.Contains(log.String(), `"append"`) {
		t.Errorf("nothing failed: %s", log.String())
	}
}

// lockedBuffer is written by many and read by one.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// What an error or a panic may drag along; and the control: without the care it is in the log.
func TestWhatIsSilenced(t *testing.T) {
	for _, text := range []string{
		`ERROR: invalid input syntax for type bigint: "` + marks["user"] + `" (SQLSTATE 22P02)`,
		`failed to encode args[3]: unable to encode "` + marks["user"] + `" into binary format for int8 (OID 20)`,
		`Key (value)=(` + marks["user"] + `) already exists`,
		`GET https://shop.example/?email=` + marks["user"] + `: timeout`,
		"mail to " + marks["email"] + " bounced", "key " + marks["wrong key"] + " is unknown",
	} {
		care, control := new(bytes.Buffer), new(bytes.Buffer)
		for _, logger := range []*slog.Logger{newLogger(care, slog.LevelDebug), slog.New(slog.NewJSONHandler(control, nil))} {
			logger.Error("it failed", "error", errors.New(text), "text", text, "panic", any(map[string]string{"who": marks["user"]}))
		}
		for _, mark := range marks {
			if strings.Contains(care.String(), mark) {
				t.Errorf("%s in the log: %s", mark, care)
			}
		}
		if !strings.Contains(control.String(), marks["user"]) {
			t.Errorf("the control has nothing to be silent about: %s", control)
		}
	}
	kept := `ERROR: duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)`
	if silenced(kept) != kept {
		t.Errorf("%s", silenced(kept))
	}
}
