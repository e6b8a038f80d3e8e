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

// EndpointID names an endpoint, counted from 1 in the order of configuration.
type EndpointID int64

// Endpoint is where and how triggers are delivered, as it is configured. Its URL
// tells it from others. Without secrets, the one made at its first
// configuration stays.
type Endpoint struct {
	URL     string
	Secrets []webhook.Secret
}

// Why endpoints are disabled.
const (
	gone          = "gone"           // it answered 410
	notConfigured = "not configured" // it is no longer in the configuration
)

type endpointRow struct {
	ID             int64 `gorm:"primaryKey;autoIncrement:false"`
	URL            string
	Secrets        string
	CreatedAt      int64
	DisabledAt     int64
	DisabledReason string
}

func (endpointRow) TableName() string { return "endpoints" }

// Configure makes the stored endpoints those that are wanted, and returns the ones
// it made a secret for, which is to be shown once. An endpoint no longer wanted
// is disabled and what was on the way to it cancelled. One that answered 410 stays
// disabled until its secrets change, or it was configured away and back.
// The error lists everything wrong with wanted, and then nothing has changed.
func Configure(ctx context.Context, db *database.DB, now time.Time, o webhook.Options, wanted []Endpoint) (made []Endpoint, err error) {
	if err := checkEndpoints(o, wanted); err != nil {
		return nil, err
	}
	at := sessions.MillisOf(now)
	err = db.Write(ctx, func(tx *gorm.DB) error {
		made = nil
		// The first endpoints have no rows to lock yet.
		if _, err := lockDeliveryCursor(tx); err != nil {
			return err
		}
		var known []endpointRow
		if err := tx.Order("id").Find(&known).Error; err != nil {
			return fmt.Errorf("load endpoints: %w", err)
		}
		for _, e := range wanted {
			secret, err := keepEndpoint(tx, &known, e, at)
			if err != nil {
				return fmt.Errorf("configure endpoint %s: %w", e.URL, err)
			}
			if secret != "" {
				fresh, _ := parseSecrets(secret)
				made = append(made, Endpoint{e.URL, fresh})
			}
		}
		return dropEndpoints(tx, known, wanted, at)
	})
	return made, err
}

func checkEndpoints(o webhook.Options, wanted []Endpoint) error {
	var wrong []error
	for i, e := range wanted {
		if err := o.Check(e.URL); err != nil {
			wrong = append(wrong, err)
		}
		if slices.ContainsFunc(wanted[:i], func(other Endpoint) bool { return other.URL == e.URL }) {
			wrong = append(wrong, fmt.Errorf("endpoint %s: configured twice", e.URL))
		}
	}
	return errors.Join(wrong...)
}

// keepEndpoint stores one wanted endpoint, and returns the secret it made for it.
func keepEndpoint(tx *gorm.DB, known *[]endpointRow, e Endpoint, now sessions.Millis) (made string, err error) {
	secrets := revealSecrets(e.Secrets)
	i := slices.IndexFunc(*known, func(r endpointRow) bool { return r.URL == e.URL })
	if i < 0 {
		if secrets == "" {
			made = webhook.NewSecret().Reveal()
			secrets = made
		}
		row := endpointRow{ID: 1, URL: e.URL, Secrets: secrets, CreatedAt: int64(now)}
		if n := len(*known); n > 0 {
			row.ID = (*known)[n-1].ID + 1
		}
		*known = append(*known, row)
		return made, tx.Create(&row).Error
	}
	row := (*known)[i]
	changed := secrets != "" && secrets != row.Secrets
	if changed {
		row.Secrets = secrets
	}
	if changed || row.DisabledReason == notConfigured {
		row.DisabledAt, row.DisabledReason = 0, ""
	}
	if row == (*known)[i] {
		return "", nil
	}
	return "", tx.Save(&row).Error
}

// dropEndpoints disables the known endpoints that are not wanted.
func dropEndpoints(tx *gorm.DB, known []endpointRow, wanted []Endpoint, now sessions.Millis) error {
	for _, row := range known {
		isWanted := slices.ContainsFunc(wanted, func(e Endpoint) bool { return e.URL == row.URL })
		if isWanted || row.DisabledReason == notConfigured {
			continue
		}
		if err := disableEndpoint(tx, EndpointID(row.ID), notConfigured, now); err != nil {
			return err
		}
	}
	return nil
}

// disableEndpoint stops deliveries to an endpoint. Those on the way become due at
// once, so that the next run cancels them.
func disableEndpoint(tx *gorm.DB, id EndpointID, reason string, now sessions.Millis) error {
	err := tx.Exec("UPDATE endpoints SET disabled_at = ?, disabled_reason = ? WHERE id = ?", int64(now), reason, int64(id)).Error
	if err != nil {
		return fmt.Errorf("disable endpoint %d: %w", id, err)
	}
	err = tx.Exec("UPDATE deliveries SET next_attempt_at = ? WHERE endpoint_id = ? AND next_attempt_at > 0 AND status = ?",
		int64(now), int64(id), Pending).Error
	if err != nil {
		return fmt.Errorf("hasten the deliveries of endpoint %d: %w", id, err)
	}
	return nil
}

func revealSecrets(secrets []webhook.Secret) string {
	texts := make([]string, len(secrets))
	for i, s := range secrets {
		texts[i] = s.Reveal()
	}
	return strings.Join(texts, " ")
}

func parseSecrets(text string) ([]webhook.Secret, error) {
	var secrets []webhook.Secret
	for _, field := range strings.Fields(text) {
		s, err := webhook.ParseSecret(field)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, s)
	}
	return secrets, nil
}

// Gone returns the URLs of endpoints that answered 410, so that nothing is sent to
// them any more.
func Gone(ctx context.Context, db *database.DB) ([]string, error) {
	var urls []string
	err := db.Read(ctx).Table("endpoints").Where("disabled_at > 0 AND disabled_reason = ?", gone).Order("id").Pluck("url", &urls).Error
	if err != nil {
		return nil, fmt.Errorf("look for disabled endpoints: %w", err)
	}
	return urls, nil
}
