package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Endpoints are the endpoints of a shop as they are seen and changed while the program
// runs. What is changed holds in every process from the next attempt on.
type Endpoints struct {
	db      *database.DB
	options webhook.Options
	sender  *webhook.Sender
}

// NewEndpoints returns the endpoints in a database. URLs are checked by the options;
// test messages go by the sender.
func NewEndpoints(db *database.DB, o webhook.Options, sender *webhook.Sender) *Endpoints {
	return &Endpoints{db, o, sender}
}

// EndpointState is an endpoint, how it is configured and how its attempts go.
type EndpointState struct {
	ID             EndpointID `json:"id"`
	URL            string     `json:"url"`
	Description    string     `json:"description"`
	Topics         []string   `json:"topics"`     // the kinds of triggers it is told; none: all
	ManagedBy      string     `json:"managed_by"` // configuration or api
	Enabled        bool       `json:"enabled"`
	DisabledReason *string    `json:"disabled_reason"` // gone, failing, switched_off or not_configured
	DisabledAt     *time.Time `json:"disabled_at"`
	FailingSince   *time.Time `json:"failing_since"` // since when every attempt failed
	LastError      *string    `json:"last_error"`    // of the last attempt that failed
	LastSuccessAt  *time.Time `json:"last_success_at"`
	LastAttemptAt  *time.Time `json:"last_attempt_at"`
	Secrets        int        `json:"secrets"`           // how many sign now
	RetiresAt      *time.Time `json:"secret_retires_at"` // until when the older of two signs; null if it has no end
	CreatedAt      time.Time  `json:"created_at"`
}

// MadeSecret is an endpoint with the secret that was just made for it, to be shown once.
type MadeSecret struct {
	EndpointState
	Secret string `json:"secret"`
}

// List returns all endpoints, the oldest first.
func (e *Endpoints) List(ctx context.Context, now time.Time) ([]EndpointState, error) {
	var rows []endpointRow
	if err := e.db.Read(ctx).Where("disabled_reason <> ?", deleted).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load endpoints: %w", err)
	}
	list := make([]EndpointState, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.state(now); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Find returns one endpoint. The error is [sessions.ErrNotFound] if there is none.
func (e *Endpoints) Find(ctx context.Context, id EndpointID, now time.Time) (EndpointState, error) {
	row, err := findEndpoint(e.db.Read(ctx), id)
	if err != nil {
		return EndpointState{}, err
	}
	return row.state(now)
}

func findEndpoint(tx *gorm.DB, id EndpointID) (row endpointRow, err error) {
	err = tx.Where("id = ? AND disabled_reason <> ?", int64(id), deleted).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = sessions.ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("find endpoint %d: %w", id, err)
	}
	return row, nil
}

// edit runs f in a transaction in which no attempt begins, no delivery is made and nobody
// else changes endpoints.
func (e *Endpoints) edit(ctx context.Context, f func(tx *gorm.DB) error) error {
	return e.db.Write(ctx, func(tx *gorm.DB) error {
		if _, err := sessions.ReadHead(database.Lock(tx)); err != nil {
			return err
		}
		if _, err := deliveryCursor.lock(tx); err != nil {
			return err
		}
		return f(tx)
	})
}

// editOne changes one endpoint by f, which says which columns it changed, and returns it as it is then.
func (e *Endpoints) editOne(ctx context.Context, id EndpointID, now time.Time, f func(tx *gorm.DB, row *endpointRow) ([]string, error)) (EndpointState, error) {
	var row endpointRow
	err := e.edit(ctx, func(tx *gorm.DB) (err error) {
		if row, err = findEndpoint(tx, id); err != nil {
			return err
		}
		columns, err := f(tx, &row)
		if err != nil || len(columns) == 0 {
			return err
		}
		return row.change(tx, columns...)
	})
	if err != nil {
		return EndpointState{}, err
	}
	return row.state(now)
}

// Remove forgets an endpoint. What is on the way to it is cancelled; what was delivered
// stays to be seen. One that stands in the configuration is refused.
func (e *Endpoints) Remove(ctx context.Context, id EndpointID, now time.Time) error {
	_, err := e.editOne(ctx, id, now, func(tx *gorm.DB, row *endpointRow) ([]string, error) {
		if row.ManagedBy == byConfiguration && row.DisabledReason != notConfigured {
			return nil, configured("take it out of the setting webhooks and start anew")
		}
		// No endpoint's URL has a fragment, so that this one is free for another.
		row.URL = fmt.Sprintf("%s#deleted-%d", row.URL, row.ID)
		row.Secrets, row.ManagedBy, row.DisabledAt, row.DisabledReason = "", byAPI, int64(sessions.MillisOf(now)), deleted
		if err := disableEndpoint(tx, id, deleted, sessions.MillisOf(now)); err != nil {
			return nil, err
		}
		return []string{"url", "secrets", "managed_by"}, nil
	})
	return err
}

// state is the endpoint as it is shown.
func (r endpointRow) state(now time.Time) (EndpointState, error) {
	secrets, err := r.signing(sessions.MillisOf(now))
	s := EndpointState{
		ID: EndpointID(r.ID), URL: r.URL, Description: r.Description, Topics: append([]string{}, strings.Fields(r.Topics)...),
		ManagedBy: r.ManagedBy, Enabled: r.DisabledAt == 0, DisabledReason: given(snake(r.DisabledReason)), DisabledAt: instant(r.DisabledAt),
		FailingSince: instant(r.FailingSince), LastError: given(r.LastError), LastSuccessAt: instant(r.LastSuccessAt),
		LastAttemptAt: instant(r.LastAttemptAt), Secrets: len(secrets), CreatedAt: sessions.Millis(r.CreatedAt).Time(),
	}
	if len(secrets) > 1 {
		s.RetiresAt = instant(r.RetiresAt)
	}
	return s, err
}

// snake is a reason as programs read it.
func snake(reason string) string { return strings.ReplaceAll(reason, " ", "_") }

// given returns a text, nil for none.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// instant returns a time in milliseconds, nil for none.
func instant(m int64) *time.Time {
	if m == 0 {
		return nil
	}
	t := sessions.Millis(m).Time()
	return &t
}

// sameURL finds the endpoint of a URL among others, however its scheme and host are written.
func sameURL(rows []endpointRow, url string) int {
	return slices.IndexFunc(rows, func(r endpointRow) bool { return webhook.Same(r.URL, url) })
}
