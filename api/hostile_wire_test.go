package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// listening serves a shop on a socket with short timeouts and small headers, and
// returns a function that sends bytes and returns the status and text that come back.
func listening(t *testing.T, s *shop) func(parts ...string) (int, string) {
	server := httptest.NewUnstartedServer(s.server)
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond
	server.Config.MaxHeaderBytes = 8 << 10
	server.Start()
	t.Cleanup(server.Close)
	return func(parts ...string) (int, string) {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		must(t, err)
		defer c.Close()
		must(t, c.SetDeadline(time.Now().Add(30*time.Second)))
		for _, part := range parts {
			if _, err := io.WriteString(c, part); err != nil {
				break // it was answered before it was read to its end
			}
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0, ""
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
}

// What is wrong with how a request is written, or how slowly it comes, is answered or
// hung up on, and stores nothing.
func TestHostileWire(t *testing.T) {
	s := sqliteShop(t)
	send := listening(t, s)
	const body = `{"anonymousId":"a","name":"Home"}`
	head := "POST /v1/page HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + writeKey + "\r\n"
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	for _, c := range []struct {
		name   string
		parts  []string
		status int // 0: hung up on
		code   string
		stored int64
	}{
		{"a good one", []string{head + length + "\r\n" + body}, 200, "", 1},
		{"in pieces", []string{head + "Transfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)}, 200, "", 1},
		{"HTTP/1.0", []string{strings.Replace(head, "1.1", "1.0", 1) + length + "\r\n" + body}, 200, "", 1},
		{"a body that stops", []string{head + length + "\r\n" + body[:10]}, 408, "body_too_slow", 0},
		{"a body that never begins", []string{head + length + "\r\n"}, 408, "body_too_slow", 0},
		{"pieces that stop", []string{head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ano"}, 408, "body_too_slow", 0},
		{"gzip that stops", []string{head + length + "Content-Encoding: gzip\r\n\r\n" + zipped(t, body)[:12]}, 408, "body_too_slow", 0},
		{"a head that stops", []string{head}, 0, "", 0},
		{"nothing", nil, 0, "", 0},
		{"a length and pieces", []string{head + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}, 400, "invalid_json", 0}, // the pieces count, as RFC 9112 says
		{"two lengths", []string{head + length + "Content-Length: 5\r\n\r\n" + body}, 400, "", 0},
		{"a negative length", []string{head + "Content-Length: -5\r\n\r\n" + body}, 400, "", 0},
		{"a length of 2^63", []string{head + "Content-Length: 9223372036854775808\r\n\r\n" + body}, 400, "", 0},
		{"a length of 2^62", []string{head + "Content-Length: 4611686018427387904\r\n\r\n" + body}, 413, "too_large", 0},
		{"pieces of nonsense", []string{head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"}, 400, "invalid_json", 0},
		{"a piece of 2^64", []string{head + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"}, 400, "invalid_json", 0},
		{"an encoding of the transfer that is unknown", []string{head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"}, 501, "", 0},
		{"a head of 20 KB", []string{head + "X-Long: " + strings.Repeat("x", 20<<10) + "\r\n\r\n"}, 431, "", 0},
		{"4,000 headers", []string{head + strings.Repeat("X: y\r\n", 4000) + "\r\n"}, 431, "", 0},
		{"a path of 20 KB", []string{"GET /" + strings.Repeat("x", 20<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n"}, 431, "", 0},
		{"no host", []string{"GET /healthz HTTP/1.1\r\n\r\n"}, 400, "", 0},
		{"two hosts", []string{"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"}, 400, "", 0},
		{"a host with a blank", []string{"GET /healthz HTTP/1.1\r\nHost: x y\r\n\r\n"}, 400, "", 0},
		{"a header with a blank before the colon", []string{head + "X : y\r\n\r\n"}, 400, "", 0},
		{"a header with U+0000", []string{head + "X: \x00\r\n\r\n"}, 400, "", 0},
		{"a header that is folded", []string{head + "X: a\r\n b\r\n" + length + "\r\n" + body}, 200, "", 1},
		{"a method with a blank", []string{"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n"}, 400, "", 0},
		{"HTTP/3.0", []string{"GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n"}, 505, "", 0},
		{"TLS", []string{"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + strings.Repeat("x", 200) + "\r\n\r\n"}, 400, "", 0},
		{"HTTP/2 without TLS", []string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, 404, "route_unknown", 0},
		{"every path at once", []string{"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"}, 200, "", 0},
		{"another's address", []string{"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n"}, 404, "route_unknown", 0},
		{"a tunnel", []string{"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n"}, 404, "route_unknown", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.ingest()
			status, text := send(c.parts...)
			if status != c.status || c.code != "" && !strings.Contains(text, `"code":"`+c.code+`"`) {
				t.Errorf("status %d, want %d with code %q: %s", status, c.status, c.code, text)
			}
			want := sessions.Ingest{Received: before.Received + c.stored, Accepted: before.Accepted + c.stored}
			if after := s.ingest(); after != want {
				t.Errorf("counters %+v, want %+v", after, want)
			}
			s.post("/v1/page", writeKey, body).receipt(t)
		})
	}
}

// plant makes the database refuse the anonymous id and the product “cursed”.
func plant(t *testing.T, db *database.DB) {
	t.Helper()
	statements := []string{
		`CREATE TRIGGER cursed_visitor BEFORE INSERT ON identities WHEN NEW.value = 'cursed' BEGIN SELECT RAISE(ABORT, 'cursed'); END`,
		`CREATE TRIGGER cursed_product BEFORE INSERT ON products WHEN NEW.product_id = 'cursed' BEGIN SELECT RAISE(ABORT, 'cursed'); END`,
	}
	if db.Dialect() == database.Postgres {
		statements = []string{
			`ALTER TABLE identities ADD CHECK (value <> 'cursed')`, `ALTER TABLE products ADD CHECK (product_id <> 'cursed')`,
		}
	}
	for _, statement := range statements {
		must(t, db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement).Error }))
	}
}

// One row that only the database refuses stands as rejected at its place; all others are
// stored, and the same request again adds nothing but the refusal.
func TestOneCursedRow(t *testing.T) {
	const refused = "refused_by_database"
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		plant(t, db)
		items := make([]string, 500)
		for i := range items {
			items[i] = fmt.Sprintf(`{"type":"track","event":"Product Added","messageId":"m%d","anonymousId":"a%d","properties":{"product_id":"p"}}`, i, i)
		}
		for _, at := range []int{0, 123, 499} {
			items[at] = strings.Replace(items[at], fmt.Sprintf(`"a%d"`, at), `"cursed"`, 1)
		}
		for again := range 2 {
			before := s.ingest()
			r := s.post("/v1/batch", writeKey, `{"batch":[`+strings.Join(items, ",")+`]}`).receipt(t)
			var places []int
			for _, rejected := range r.Rejected {
				places = append(places, rejected.Index)
				if rejected.Code != refused {
					t.Errorf("rejected %+v", rejected)
				}
			}
			if fmt.Sprint(places) != "[0 123 499]" {
				t.Errorf("rejected at %v", places)
			}
			want := sessions.Ingest{Received: before.Received + 500, Accepted: 497, Duplicates: int64(497 * again), Rejected: before.Rejected + 3}
			if got := s.ingest(); got != want {
				t.Errorf("counters %+v, want %+v", got, want)
			}
		}
		if got := testdb.Rows(t, db, "SELECT COUNT(*) AS carts FROM carts"); got != "carts\n497\n" {
			t.Errorf("%s", got)
		}
		s.post("/v1/page", writeKey, `{"anonymousId":"cursed"}`).wants(t, 400, refused)
		s.do(request{method: "PUT", path: "/v1/carts/c1", key: secretKey, body: `{"visitor":{"anonymous_id":"cursed"},"lines":[]}`}).wants(t, 400, refused)
		s.post("/v1/orders", secretKey, `{"order_id":"o","visitor":{"anonymous_id":"cursed"}}`).wants(t, 400, refused)
		r := s.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: `{"products":[{"product_id":"a"},{"product_id":"cursed"},{"product_id":"b"}]}`}).receipt(t)
		if len(r.Rejected) != 1 || r.Rejected[0].Index != 1 || r.Rejected[0].Code != refused {
			t.Errorf("rejected products %+v", r.Rejected)
		}
		if got := testdb.Rows(t, db, "SELECT product_id FROM products ORDER BY product_id"); got != "product_id\na\nb\n" {
			t.Errorf("products\n%s", got)
		}
	})
}
