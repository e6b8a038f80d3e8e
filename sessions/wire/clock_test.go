package wire

import (
	"fmt"
	"testing"

	"cartwright/sessions"
)

// When an item happened, by what it and its batch say of the sender's clock. The
// request comes at 20:00; both times are kept as they were sent.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		name, times    string // of the item
		batch          string // sentAt of its batch
		occurred       string
		original, sent string // as kept
	}{
		{"nothing: when it came", ``, "", "2026-11-23T20:00:00Z", "", ""},
		{"a right clock", `"timestamp":"2026-11-23T19:58:00Z","sentAt":"2026-11-23T20:00:00Z"`, "", "2026-11-23T19:58:00Z", "2026-11-23T19:58:00Z", "2026-11-23T20:00:00Z"},
		{"an hour ahead", `"timestamp":"2026-11-23T20:58:00Z","sentAt":"2026-11-23T21:00:00Z"`, "", "2026-11-23T19:58:00Z", "2026-11-23T20:58:00Z", "2026-11-23T21:00:00Z"},
		{"an hour behind", `"timestamp":"2026-11-23T18:58:00Z","sentAt":"2026-11-23T19:00:00Z"`, "", "2026-11-23T19:58:00Z", "2026-11-23T18:58:00Z", "2026-11-23T19:00:00Z"},
		{"no sentAt: as it stands", `"timestamp":"2026-11-23T18:58:00Z"`, "", "2026-11-23T18:58:00Z", "2026-11-23T18:58:00Z", ""},
		{"no sentAt, in the future", `"timestamp":"2026-11-23T21:00:00Z"`, "", "2026-11-23T20:00:00Z", "2026-11-23T21:00:00Z", ""},
		{"an unreadable sentAt: as it stands", `"timestamp":"2026-11-23T18:58:00Z","sentAt":"noon"`, "", "2026-11-23T18:58:00Z", "2026-11-23T18:58:00Z", ""},
		{"one beyond belief", `"timestamp":"2026-11-23T18:58:00Z","sentAt":1e30`, "", "2026-11-23T18:58:00Z", "2026-11-23T18:58:00Z", ""},
		{"one in a batch that has another", `"timestamp":"2026-11-23T20:58:00Z","sentAt":{}`, "2026-11-23T21:00:00Z", "2026-11-23T19:58:00Z", "2026-11-23T20:58:00Z", "2026-11-23T21:00:00Z"},
		{"sentAt alone", `"sentAt":"2026-11-23T21:00:00Z"`, "", "2026-11-23T20:00:00Z", "", "2026-11-23T21:00:00Z"},
		{"the batch's sentAt", `"timestamp":"2026-11-23T20:58:00Z"`, "2026-11-23T21:00:00Z", "2026-11-23T19:58:00Z", "2026-11-23T20:58:00Z", "2026-11-23T21:00:00Z"},
		{"the item's before the batch's", `"timestamp":"2026-11-23T20:58:00Z","sentAt":"2026-11-23T21:00:00Z"`, "2026-11-23T22:00:00Z", "2026-11-23T19:58:00Z", "2026-11-23T20:58:00Z", "2026-11-23T21:00:00Z"},
		{"originalTimestamp before timestamp", `"timestamp":"2020-01-01T00:00:00Z","originalTimestamp":"2026-11-23T19:58:00Z"`, "", "2026-11-23T19:58:00Z", "2026-11-23T19:58:00Z", ""},
		{"timestamp where originalTimestamp is null", `"timestamp":"2026-11-23T19:58:00Z","originalTimestamp":null`, "", "2026-11-23T19:58:00Z", "2026-11-23T19:58:00Z", ""},
		{"a queue that waited for a month", `"timestamp":"2026-10-23T20:00:00Z","sentAt":"2026-11-23T20:00:00Z"`, "", "2026-10-23T20:00:00Z", "2026-10-23T20:00:00Z", "2026-11-23T20:00:00Z"},
		{"two days ahead: a day is put right", `"timestamp":"2026-11-25T19:58:00Z","sentAt":"2026-11-25T20:00:00Z"`, "", "2026-11-23T20:00:00Z", "2026-11-25T19:58:00Z", "2026-11-25T20:00:00Z"},
		{"two days behind: a day is put right", `"timestamp":"2026-11-21T19:58:00Z","sentAt":"2026-11-21T20:00:00Z"`, "", "2026-11-22T19:58:00Z", "2026-11-21T19:58:00Z", "2026-11-21T20:00:00Z"},
		{"a clock that began in 1970", `"timestamp":"1970-01-01T00:00:10Z","sentAt":"1970-01-01T00:01:00Z"`, "", "1970-01-02T00:00:10Z", "1970-01-01T00:00:10Z", "1970-01-01T00:01:00Z"},
		{"a clock of the last year there is", `"timestamp":"9999-12-31T23:59:58Z","sentAt":"9999-12-31T23:59:59Z"`, "", "2026-11-23T20:00:00Z", "9999-12-31T23:59:58Z", "9999-12-31T23:59:59Z"},
		{"sent long before it happened", `"timestamp":"2026-11-23T19:00:00Z","sentAt":"2026-11-20T00:00:00Z"`, "", "2026-11-23T20:00:00Z", "2026-11-23T19:00:00Z", "2026-11-20T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			comma := ""
			if c.times != "" {
				comma = ","
			}
			body := fmt.Sprintf(`{"batch":[{"type":"page","anonymousId":"a"%s%s}],"sentAt":%q}`, comma, c.times, c.batch)
			envelope, err := OpenEnvelope([]byte(body), "batch")
			if err != nil {
				t.Fatal(err)
			}
			e, r := shop.Item(0, envelope.Items[0], Arrival{Received: received, Sent: envelope.Sent, Source: sessions.Browser})
			if r != nil {
				t.Fatal(r.Reason)
			}
			if e.Occurred != at(c.occurred) || e.Received != received {
				t.Errorf("occurred %v, received %v", e.Occurred.Time(), e.Received.Time())
			}
			if e.Original != kept(c.original) || e.Sent != kept(c.sent) {
				t.Errorf("original %v, sent %v", e.Original.Time(), e.Sent.Time())
			}
		})
	}
}

func kept(text string) sessions.Millis {
	if text == "" {
		return 0
	}
	return at(text)
}

// An unreadable sentAt of a batch corrects nothing and loses nothing.
func TestUnreadableClockOfBatch(t *testing.T) {
	envelope, err := OpenEnvelope([]byte(`{"batch":[{"type":"page","anonymousId":"a","timestamp":"2026-11-23T18:00:00Z"}],"sentAt":"noon"}`), "batch")
	if err != nil {
		t.Fatal(err)
	}
	e, r := shop.Item(0, envelope.Items[0], Arrival{Received: received, Sent: envelope.Sent})
	if r != nil || e.Occurred != at("2026-11-23T18:00:00Z") {
		t.Errorf("%+v, %v", e, r)
	}
}

// What is sent as history was received when it happened.
func TestClockOfHistory(t *testing.T) {
	e, r := shop.Item(0, []byte(`{"type":"page","userId":"u","timestamp":"2020-01-01T00:00:00Z"}`), Arrival{Received: received, Source: sessions.Imported})
	if want := at("2020-01-01T00:00:00Z"); r != nil || e.Occurred != want || e.Received != want {
		t.Errorf("%+v, %v", e, r)
	}
}
