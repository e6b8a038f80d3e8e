package api_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cartwright/api"
)

// zipped returns text as a gzip stream.
func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	must(t, err)
	must(t, z.Close())
	return b.String()
}

func TestEncodings(t *testing.T) {
	body := `{"batch":[{"type":"page","anonymousId":"a"}]}`
	whole := zipped(t, body)
	bomb := zipped(t, `{"batch":[],"x":"`+strings.Repeat("x", 64<<20)+`"}`)
	full := zipped(t, `{"batch":[]}`+strings.Repeat(" ", api.MaxBody-len(`{"batch":[]}`)))
	for name, c := range map[string]struct {
		encoding, kind, body string
		status               int
		code                 string
	}{
		"plain":                {"", "application/json", body, 200, ""},
		"plain as text":        {"identity", "text/plain", body, 200, ""},
		"gzip":                 {"gzip", "application/json", whole, 200, ""},
		"gzip in capitals":     {"GZIP", "application/json", whole, 200, ""},
		"gzip as a form":       {"gzip", "application/x-www-form-urlencoded", whole, 200, ""},
		"gzip of 4 MB":         {"gzip", "application/json", full, 200, ""},
		"gzip bomb":            {"gzip", "application/json", bomb, 413, "too_large"},
		"gzip, not said":       {"", "application/json", whole, 400, "invalid_json"},
		"gzip, said wrongly":   {"gzip", "application/json", body, 400, "invalid_json"},
		"gzip, cut off":        {"gzip", "application/json", whole[:len(whole)-4], 400, "invalid_json"},
		"gzip, damaged":        {"gzip", "application/json", whole[:12] + "\xff\xff\xff" + whole[15:], 400, "invalid_json"},
		"gzip, wrong checksum": {"gzip", "application/json", whole[:len(whole)-8] + "12345678", 400, "invalid_json"},
		"gzip, nothing":        {"gzip", "application/json", "", 400, "invalid_json"},
		"another":              {"br", "application/json", body, 415, "encoding_unsupported"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteShop(t)
			for range 2 { // the second time with what the first left behind
				s.do(request{method: http.MethodPost, path: "/v1/batch", key: writeKey, body: c.body, headers: []string{
					"Content-Encoding: " + c.encoding, "Content-Type: " + c.kind,
				}}).wants(t, c.status, c.code)
			}
		})
	}
}

// A length that is only announced, or not even that, is held to the limit too.
func TestStreamedBodies(t *testing.T) {
	s := sqliteShop(t)
	send := func(body io.Reader, length int64) answer {
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", body)
		r.ContentLength = length
		r.SetBasicAuth(writeKey, "")
		recorder := httptest.NewRecorder()
		s.server.ServeHTTP(recorder, r)
		return answer{recorder}
	}
	send(strings.NewReader(`{"batch":[]}`), -1).wants(t, 200, "")
	send(endless{}, -1).wants(t, 413, "too_large")
	send(endless{}, api.MaxBody+1).wants(t, 413, "too_large")
	send(io.MultiReader(strings.NewReader(`{"batch":`), broken{}), -1).wants(t, 400, "invalid_json")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
