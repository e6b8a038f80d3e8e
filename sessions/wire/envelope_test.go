package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOpenEnvelope(t *testing.T) {
	e, err := OpenEnvelope([]byte(`{"batch":[{"a":1}, 2 ,null],"sentAt":"2026-11-23T20:00:00Z","writeKey":"wk","context":{}}`), "batch")
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, item := range e.Items {
		items = append(items, string(item))
	}
	if !slices.Equal(items, []string{`{"a":1}`, `2`, `null`}) || e.Sent != received || e.WriteKey != "wk" {
		t.Errorf("items %q, sent %d, key %q", items, e.Sent, e.WriteKey)
	}
	full := `{"batch":[0` + strings.Repeat(",0", MaxItems-1) + `]}`
	if e, err := OpenEnvelope([]byte(full), "batch"); err != nil || len(e.Items) != MaxItems {
		t.Errorf("a full batch: %d items, %v", len(e.Items), err)
	}
	if e, err := OpenEnvelope([]byte(`{"events":[],"sentAt":"soon"}`), "events"); err != nil || len(e.Items) != 0 || e.Sent != 0 {
		t.Errorf("an unreadable clock: %+v, %v", e, err)
	}
}

func TestOpenEnvelopeRefuses(t *testing.T) {
	for in, code := range map[string]string{
		``:                  CodeInvalidJSON,
		`[]`:                CodeInvalidJSON,
		`{"batch":{}}`:      CodeInvalidJSON,
		`{"events":[]}`:     CodeInvalidJSON,
		`{"batch":[1],}`:    CodeInvalidJSON,
		`{"batch":[1]} [2]`: CodeInvalidJSON,
		`{"batch":[0` + strings.Repeat(",0", MaxItems) + `]}`: CodeTooLarge,
	} {
		_, err := OpenEnvelope([]byte(in), "batch")
		var refused *EnvelopeError
		if !errors.As(err, &refused) || refused.Code != code || refused.Error() == "" {
			t.Errorf("%.40s: %v, want %s", in, err, code)
		}
	}
}

func TestWriteKeyOf(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"page","writeKey":"wk_1"}`: "wk_1", `{"type":"page"}`: "", `{"writeKey":{}}`: "", `x`: "",
	} {
		if got := WriteKeyOf([]byte(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// FuzzEnvelope opens any body in both ways that batches are written. What is opened
// is JSON as encoding/json reads it, with the same items in the same order.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"page"}],"sentAt":"2026-11-23T20:00:00Z","writeKey":"wk"}`, `{"events":[1,null,"x",[],{}]}`, `{"batch":[1],"batch":[2,3]}`,
		`{"b\u0061tch":[1]}`, `{"batch":[1],"writeKey":7}`, ` {"batch" : [ ] } `, `{"batch":[[[[]]]]}x`, "\ufeff{}", `{"batch":[1e400,-0]}`, `{"writeKey":"\ud800","batch":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, name := range []string{"batch", "events"} {
			e, err := OpenEnvelope(body, name)
			if err != nil {
				continue
			}
			var whole map[string]json.RawMessage
			var items []json.RawMessage
			if utf8.Valid(body) && (json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole[name], &items) != nil) {
				t.Fatalf("%q was opened", body)
			}
			if utf8.Valid(body) && len(items) != len(e.Items) {
				t.Fatalf("%q: %d items, want %d", body, len(e.Items), len(items))
			}
			for i := range min(len(items), len(e.Items)) {
				if !bytes.Equal(bytes.TrimSpace(items[i]), e.Items[i]) {
					t.Errorf("%q: item %d is %q, want %q", body, i, e.Items[i], items[i])
				}
			}
			if e.Sent < 0 || e.Sent > lastInstant || WriteKeyOf(body) != e.WriteKey {
				t.Errorf("%q: sent %d, keys %q and %q", body, e.Sent, e.WriteKey, WriteKeyOf(body))
			}
		}
	})
}

func TestWithoutKey(t *testing.T) {
	for in, want := range map[string]string{
		`{"writeKey":"sk_1","a":"?k=sk_1"}`: `{"writeKey":"…","a":"?k=…"}`, `{"writeKey":17}`: `{"writeKey":…}`,
		`{"writeKey":"a","writeKey":"b"}`: `{"writeKey":"…","writeKey":"…"}`,
		`{"writeKey":""}`:                 `{"writeKey":""}`, `{"writeKey":{}}`: `{"writeKey":{}}`, `{"a":"sk_1"}`: `{"a":"sk_1"}`, `a,b`: `a,b`, ``: ``,
	} {
		if got := string(WithoutKey([]byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
