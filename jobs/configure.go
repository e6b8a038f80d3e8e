package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Endpoint is where and how triggers are delivered, as it is configured. Its URL
// tells it from others. Without secrets, the one made at its first
// configuration stays.
type Endpoint struct {
	URL     string
	Secrets []webhook.Secret
}

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
		if _, err := deliveryCursor.lock(tx); err != nil {
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
	if i >= 0 {
		return "", keepKnown(tx, (*known)[i], secrets)
	}
	row := endpointRow{ID: 1, URL: e.URL, Secrets: secrets, CreatedAt: int64(now), ManagedBy: byConfiguration}
	if secrets == "" {
		made = webhook.NewSecret().Reveal()
		row.Secrets = made
	} else {
		row.SecretsConfigured = 1
	}
	if n := len(*known); n > 0 {
		row.ID = (*known)[n-1].ID + 1
	}
	*known = append(*known, row)
	return made, tx.Create(&row).Error
}

// keepKnown brings a stored endpoint up to what is wanted of it.
func keepKnown(tx *gorm.DB, before endpointRow, secrets string) error {
	row := before
	row.ManagedBy, row.SecretsConfigured = byConfiguration, 0
	if secrets != "" {
		row.SecretsConfigured = 1
	}
	changed := secrets != "" && secrets != row.Secrets
	if changed {
		row.Secrets, row.RetiresAt = secrets, 0
	}
	if changed && row.DisabledReason != switchedOff || row.DisabledReason == notConfigured {
		row.DisabledAt, row.DisabledReason, row.FailingSince = 0, "", 0
	}
	if row == before {
		return nil
	}
	return row.change(tx, "managed_by", "secrets_configured", "secrets", "retires_at", "disabled_at", "disabled_reason", "failing_since")
}

// dropEndpoints disables the known endpoints that are not wanted.
func dropEndpoints(tx *gorm.DB, known []endpointRow, wanted []Endpoint, now sessions.Millis) error {
	for _, row := range known {
		isWanted := slices.ContainsFunc(wanted, func(e Endpoint) bool { return e.URL == row.URL })
		if isWanted || row.ManagedBy != byConfiguration || row.DisabledReason == notConfigured || row.DisabledReason == deleted {
			continue
		}
		if err := disableEndpoint(tx, EndpointID(row.ID), notConfigured, now); err != nil {
			return err
		}
	}
	return nil
}
