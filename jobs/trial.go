package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// TestKind is the type of messages that are sent to try an endpoint out.
const TestKind = "cartwright.test"

// Trial is how an endpoint took a test message.
type Trial struct {
	ID        string  `json:"webhook_id"`
	Delivered bool    `json:"delivered"`
	Status    *int    `json:"status_code"` // null: there was no answer
	TookMS    int64   `json:"took_ms"`
	Error     *string `json:"error"`
	Answer    string  `json:"answer"` // how its body begins
	Body      string  `json:"body"`   // what was sent
}

// testMessage is what a trial sends.
type testMessage struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      testData  `json:"data"`
}

type testData struct {
	Endpoint EndpointID `json:"endpoint_id"`
	Text     string     `json:"text"`
}

// Test sends one test message to an endpoint now, also to a disabled one, and waits for
// the answer, [webhook.Timeout] at most. It is signed like any other and never sent again;
// whether the endpoint counts as failing does not depend on it.
func (e *Endpoints) Test(ctx context.Context, id EndpointID, now time.Time) (Trial, error) {
	row, err := findEndpoint(e.db.Read(ctx), id)
	if err != nil {
		return Trial{}, err
	}
	secrets, err := row.signing(sessions.MillisOf(now))
	if err != nil {
		return Trial{}, err
	}
	body, err := json.Marshal(testMessage{TestKind, now.UTC().Truncate(time.Millisecond), testData{id, "This is a test. Nothing happened in the shop."}})
	if err != nil {
		return Trial{}, fmt.Errorf("write the test message: %w", err)
	}
	m := webhook.Message{URL: row.URL, ID: "test_" + strings.ToLower(rand.Text()), Secrets: secrets, Body: body}
	o := e.sender.Send(ctx, m, now)
	return Trial{
		ID: m.ID, Delivered: o.Result == webhook.Delivered, Status: status(int64(o.Status)), TookMS: o.Took.Milliseconds(),
		Error: given(o.Reason), Answer: shownText(answerOf(o)), Body: string(body),
	}, nil
}

// status returns an HTTP status, nil for none.
func status(code int64) *int {
	if code == 0 {
		return nil
	}
	n := int(code)
	return &n
}

// shownText is bytes of somebody else's as a text.
func shownText(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }
