package wire

import (
	"errors"
	"slices"
	"strings"
	"testing"
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
