package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
)

// The bounds of what is told of an endpoint.
const (
	mostEndpoints      = 50 // each trigger is a delivery for every one
	longestURL         = 2000
	longestDescription = 500
)

// Wish is what somebody wants of an endpoint. What is nil stays, or is as usual: all
// topics, no description, enabled.
type Wish struct {
	URL         *string
	Topics      *[]string
	Description *string
	Enabled     *bool
}

// Refusal says why something is not done with an endpoint or a delivery.
type Refusal struct {
	Code   string // for programs
	Detail string // what to do about it
	Wrong  bool   // what was asked for is wrong by itself, not as things stand
}

// Error returns the detail.
func (r *Refusal) Error() string { return r.Detail }

func conflict(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Detail: fmt.Sprintf(format, args...)}
}

func wrong(code, format string, args ...any) *Refusal {
	return &Refusal{code, fmt.Sprintf(format, args...), true}
}

func configured(todo string) *Refusal {
	return conflict("endpoint_configured", "this endpoint stands in the configuration: %s", todo)
}

// Create makes an endpoint and a secret for it. A URL that an endpoint has already is
// refused, unless that one is no longer in the configuration: then it is taken over.
func (e *Endpoints) Create(ctx context.Context, w Wish, now time.Time) (MadeSecret, error) {
	if w.URL == nil {
		return MadeSecret{}, wrong("url_missing", "say where to send: url is missing")
	}
	made := webhook.NewSecret().Reveal()
	var row endpointRow
	err := e.edit(ctx, func(tx *gorm.DB) error {
		var known []endpointRow
		if err := tx.Order("id").Find(&known).Error; err != nil {
			return fmt.Errorf("load endpoints: %w", err)
		}
		fresh := endpointRow{ID: 1, CreatedAt: int64(sessions.MillisOf(now))}
		if n := len(known); n > 0 {
			fresh.ID = known[n-1].ID + 1
		}
		i := sameURL(known, *w.URL)
		if i >= 0 {
			if known[i].DisabledReason != notConfigured {
				return taken(known[i])
			}
			fresh = endpointRow{ID: known[i].ID, CreatedAt: known[i].CreatedAt}
		}
		known = slices.DeleteFunc(known, func(r endpointRow) bool { return r.DisabledReason == deleted })
		if i < 0 && len(known) >= mostEndpoints {
			return conflict("too_many_endpoints", "there are %d endpoints, which is the most there can be: delete one first", len(known))
		}
		row = fresh
		row.Secrets, row.ManagedBy = made, byAPI
		if err := e.fulfil(&row, w, now); err != nil {
			return err
		}
		return tx.Save(&row).Error
	})
	if err != nil {
		return MadeSecret{}, err
	}
	state, err := row.state(now)
	return MadeSecret{state, made}, err
}

func taken(r endpointRow) *Refusal {
	return conflict("endpoint_exists", "endpoint %d has this URL already: change that one", r.ID)
}

// Change makes an endpoint as somebody wants it. One that stands in the configuration
// keeps its URL. Enabling one begins its time of failing anew; what was cancelled
// stays so.
func (e *Endpoints) Change(ctx context.Context, id EndpointID, w Wish, now time.Time) (EndpointState, error) {
	return e.editOne(ctx, id, now, func(tx *gorm.DB, row *endpointRow) ([]string, error) {
		before := *row
		if w.URL != nil && *w.URL != row.URL {
			if err := e.mayMove(tx, before, *w.URL); err != nil {
				return nil, err
			}
		}
		if before.DisabledReason == notConfigured && w.Enabled != nil && *w.Enabled {
			return nil, conflict("endpoint_not_configured", "this endpoint is no longer in the configuration: "+
				"name it in the setting webhooks again and start anew, or create it here, which takes it over")
		}
		if err := e.fulfil(row, w, now); err != nil {
			return nil, err
		}
		if row.DisabledAt != 0 && before.DisabledAt == 0 {
			if err := disableEndpoint(tx, id, row.DisabledReason, sessions.MillisOf(now)); err != nil {
				return nil, err
			}
		}
		return []string{"url", "topics", "description", "disabled_at", "disabled_reason", "failing_since"}, nil
	})
}

// mayMove refuses another URL for an endpoint that is the configuration's, or one that another has.
func (e *Endpoints) mayMove(tx *gorm.DB, row endpointRow, url string) error {
	if row.ManagedBy == byConfiguration {
		return configured("change its URL in the setting webhooks and start anew")
	}
	var others []endpointRow
	if err := tx.Where("id <> ?", row.ID).Find(&others).Error; err != nil {
		return fmt.Errorf("load endpoints: %w", err)
	}
	if i := sameURL(others, url); i >= 0 {
		return taken(others[i])
	}
	return nil
}

// fulfil makes a row as it is wanted, or says what is wrong with that.
func (e *Endpoints) fulfil(row *endpointRow, w Wish, now time.Time) error {
	if w.URL != nil && (*w.URL != row.URL || row.URL == "") {
		if err := e.checkURL(*w.URL); err != nil {
			return err
		}
		row.URL = *w.URL
	}
	if w.Topics != nil {
		topics, err := checkTopics(*w.Topics)
		if err != nil {
			return err
		}
		row.Topics = strings.Join(topics, " ")
	}
	if w.Description != nil {
		if !fits(*w.Description, longestDescription) {
			return wrong("description_refused", "description takes at most %d bytes of UTF-8 without U+0000", longestDescription)
		}
		row.Description = *w.Description
	}
	switch {
	case w.Enabled == nil || *w.Enabled == (row.DisabledAt == 0):
	case *w.Enabled:
		row.DisabledAt, row.DisabledReason, row.FailingSince = 0, "", 0
	default:
		row.DisabledAt, row.DisabledReason = int64(sessions.MillisOf(now)), switchedOff
	}
	return nil
}

func (e *Endpoints) checkURL(url string) error {
	if !fits(url, longestURL) {
		return wrong("url_refused", "url takes at most %d bytes of UTF-8 without U+0000", longestURL)
	}
	if err := e.options.Check(url); err != nil {
		return wrong("url_refused", "%s", oneLine(err.Error()))
	}
	return nil
}

// checkTopics returns topics in order, none twice, or says which there are.
func checkTopics(topics []string) ([]string, error) {
	var known []string
	for _, k := range cart.TriggerKinds() {
		known = append(known, string(k))
	}
	for _, topic := range topics {
		if !slices.Contains(known, topic) {
			return nil, wrong("topic_unknown", "there is no topic %q; there are %s, and none means all", oneLine(topic), strings.Join(known, ", "))
		}
	}
	topics = slices.Clone(topics)
	slices.Sort(topics)
	return slices.Compact(topics), nil
}

// fits reports whether a text can be stored in any database, and is not too long.
func fits(text string, longest int) bool {
	return len(text) <= longest && utf8.ValidString(text) && !strings.Contains(text, "\x00")
}
