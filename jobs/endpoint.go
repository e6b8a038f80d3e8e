package jobs

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// EndpointID names an endpoint, counted from 1 in the order in which they became
// known. None is given twice.
type EndpointID int64

// Who decides that an endpoint is there.
const (
	byConfiguration = "configuration" // the setting webhooks
	byAPI           = "api"           // whoever has the secret key, or the database
)

// Why endpoints are disabled.
const (
	gone          = "gone"           // it answered 410
	failing       = "failing"        // all attempts failed for too long
	switchedOff   = "switched off"   // somebody wanted it
	notConfigured = "not configured" // it is no longer in the configuration
	deleted       = "deleted"        // its row stays for what was delivered to it
)

type endpointRow struct {
	ID                int64 `gorm:"primaryKey;autoIncrement:false"`
	URL               string
	Secrets           string // the newest first
	CreatedAt         int64
	DisabledAt        int64
	DisabledReason    string
	ManagedBy         string
	Description       string
	Topics            string
	SecretsConfigured int64
	RetiresAt         int64
	LastSuccessAt     int64
	FailingSince      int64
	LastAttemptAt     int64
	LastError         string
}

func (endpointRow) TableName() string { return "endpoints" }

// wants reports whether a trigger is to be delivered to the endpoint.
func (r endpointRow) wants(t cart.Trigger) bool {
	topics := strings.Fields(r.Topics)
	return t.Goes(cart.Webhook) && (len(topics) == 0 || slices.Contains(topics, string(t.Kind)))
}

// signing returns the secrets that sign at a time: all, but for the second once its time is over.
func (r endpointRow) signing(now sessions.Millis) ([]webhook.Secret, error) {
	secrets, err := parseSecrets(r.Secrets)
	if err != nil {
		return nil, fmt.Errorf("read the secrets of endpoint %d: %w", r.ID, err)
	}
	if r.RetiresAt != 0 && int64(now) >= r.RetiresAt && len(secrets) > 1 {
		secrets = secrets[:1]
	}
	return secrets, nil
}

// change writes the named columns of the row as it stands. The others may be changed meanwhile by attempts.
func (r endpointRow) change(tx *gorm.DB, columns ...string) error {
	if err := tx.Model(&endpointRow{}).Where("id = ?", r.ID).Select(columns).Updates(r).Error; err != nil {
		return fmt.Errorf("change endpoint %d: %w", r.ID, err)
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
