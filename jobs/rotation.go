package jobs

import (
	"context"
	"time"

	"gorm.io/gorm"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// How long the secret before signs beside a new one.
const (
	UsualOverlap   = 24 * time.Hour
	LongestOverlap = 30 * 24 * time.Hour
)

// Rotate makes a new secret for an endpoint. The one before signs beside it for the
// overlap, until [Endpoints.Retire], or until the next rotation, whichever comes first; older
// ones end now, so that two sign at most. Without overlap the new one is alone at once, as
// is right when the other became known. Secrets of the configuration are refused.
func (e *Endpoints) Rotate(ctx context.Context, id EndpointID, overlap time.Duration, now time.Time) (MadeSecret, error) {
	if overlap < 0 || overlap > LongestOverlap {
		return MadeSecret{}, wrong("overlap_refused", "the secret before may stay valid for %d hours at most", int(LongestOverlap.Hours()))
	}
	made := webhook.NewSecret()
	state, err := e.editOne(ctx, id, now, func(_ *gorm.DB, row *endpointRow) ([]string, error) {
		if row.SecretsConfigured != 0 {
			return nil, configured("its secrets stand there as well. Put the new one before the old one in the setting webhooks, and start anew")
		}
		secrets, err := row.signing(sessions.MillisOf(now))
		if err != nil {
			return nil, err
		}
		secrets = append([]webhook.Secret{made}, secrets[:min(1, len(secrets))]...)
		row.RetiresAt = int64(sessions.MillisOf(now.Add(overlap)))
		if overlap == 0 {
			secrets, row.RetiresAt = secrets[:1], 0
		}
		row.Secrets = revealSecrets(secrets)
		return []string{"secrets", "retires_at"}, nil
	})
	return MadeSecret{state, made.Reveal()}, err
}

// Retire ends the older of two secrets at once. With one alone nothing changes.
func (e *Endpoints) Retire(ctx context.Context, id EndpointID, now time.Time) (EndpointState, error) {
	return e.editOne(ctx, id, now, func(_ *gorm.DB, row *endpointRow) ([]string, error) {
		if row.SecretsConfigured != 0 {
			return nil, configured("its secrets stand there as well. Take the old one out of the setting webhooks, and start anew")
		}
		secrets, err := parseSecrets(row.Secrets)
		if err != nil || len(secrets) < 2 {
			return nil, err
		}
		row.Secrets, row.RetiresAt = revealSecrets(secrets[:1]), 0
		return []string{"secrets", "retires_at"}, nil
	})
}
