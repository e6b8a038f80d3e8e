package cart

import (
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// A register is the part of what is known of addresses that a batch of events can
// touch, and what they make of it: who is reached where, what was said of whether they
// may be mailed, what holds mails back, and which mails were decided.
type register struct {
	contacts     contacts
	consents     map[sessions.Email]Consent
	suppressions map[string][]Suppression // by hash

	changedContacts map[contactKey]bool
	changedConsents map[sessions.Email]bool
	changedHashes   map[string]bool
	mailed          []mailedRow
	unsubscribes    []unsubscribeRow
	triggers        []Trigger
}

// registers reports whether e can change anything here.
func registers(e *sessions.Event) bool {
	switch e.Kind {
	case sessions.DecisionMade, sessions.AddressSuppressed, sessions.AddressReleased:
		return true
	}
	return !e.Bot && e.Mail != nil || len(introductions(e)) > 0
}

// register writes what events mean for addresses. Batches without such an event cost
// no query.
func (s *Store) register(tx *gorm.DB, events []*sessions.Event) error {
	var mattering []*sessions.Event
	for _, e := range events {
		if registers(e) {
			mattering = append(mattering, e)
		}
	}
	if len(mattering) == 0 {
		return nil
	}
	r, err := loadRegister(tx, mattering)
	if err != nil {
		return err
	}
	for _, e := range mattering {
		if err := r.apply(e); err != nil {
			return err
		}
	}
	return r.save(tx)
}

// apply makes of e what it means. Events come in the order of the log.
func (r *register) apply(e *sessions.Event) error {
	for _, i := range introductions(e) {
		before := r.contacts[i.key]
		if after := before.told(i.customer, i.email, i.at); after != before {
			r.contacts[i.key], r.changedContacts[i.key] = after, true
		}
	}
	if s, says := statementOf(e); says {
		r.say(e, s)
	}
	switch e.Kind {
	case sessions.DecisionMade:
		d, err := decisionOf(e)
		if err != nil {
			return err
		}
		if row, mails := mailedOf(d); mails {
			r.mailed = append(r.mailed, row)
		}
	case sessions.AddressSuppressed:
		s, err := suppressionOf(e)
		if err != nil {
			return err
		}
		r.suppress(e, s)
	case sessions.AddressReleased:
		var content released
		if err := json.Unmarshal(e.Data, &content); err != nil {
			return fmt.Errorf("read the release of event %d: %w", e.Seq, err)
		}
		r.suppressions[content.Hash], r.changedHashes[content.Hash] = nil, true
	}
	return nil
}

// say writes a statement down.
func (r *register) say(e *sessions.Event, s Statement) {
	before := r.consents[e.Email]
	after, newest := before.with(s)
	if !newest {
		return
	}
	r.consents[e.Email], r.changedConsents[e.Email] = after, true
	if e.Source != sessions.Imported && changedBy(s, before, after) {
		r.triggers = append(r.triggers, consentTrigger(e))
	}
}

// suppress writes a suppression down. The first of a reason stays.
func (r *register) suppress(e *sessions.Event, s Suppression) {
	all := r.suppressions[s.Hash]
	if s.Reason == SoftBounced {
		before := s
		if i := indexOf(all, SoftBounced); i >= 0 {
			before, all = all[i], slices.Delete(slices.Clone(all), i, i+1)
		}
		next, dead := before.again(s.At)
		all = append(all, next)
		s.Reason = Bounced
		if !dead {
			r.suppressions[s.Hash], r.changedHashes[s.Hash] = all, true
			return
		}
	}
	if indexOf(all, s.Reason) < 0 {
		all = append(slices.Clip(all), s)
		if s.Reason == Unsubscribed {
			r.unsubscribes = append(r.unsubscribes, unsubscribeRow{int64(e.Seq), s.Hash, int64(s.At)})
		}
		if s.Reason.asked() {
			r.triggers = append(r.triggers, consentTrigger(e))
		}
	}
	r.suppressions[s.Hash], r.changedHashes[s.Hash] = all, true
}

func indexOf(all []Suppression, reason SuppressionReason) int {
	return slices.IndexFunc(all, func(s Suppression) bool { return s.Reason == reason })
}

// suppressionOf reads the content of an address.suppressed event.
func suppressionOf(e *sessions.Event) (Suppression, error) {
	var content suppressed
	if err := json.Unmarshal(e.Data, &content); err != nil {
		return Suppression{}, fmt.Errorf("read the suppression of event %d: %w", e.Seq, err)
	}
	content.Seq = e.Seq
	return Suppression(content), nil
}

// consentFlow is the flow under which consents' triggers stand. They are about no cart,
// and each event makes at most one: its seq stands as the step in the key of triggers.
const consentFlow = "consent"

// consentTrigger returns what e, which changed whether an address may be mailed, tells.
func consentTrigger(e *sessions.Event) Trigger {
	return Trigger{
		ID: fmt.Sprintf("trg_consent_%d", e.Seq), Seq: e.Seq, Kind: ConsentChanged, Flow: consentFlow, Step: int64(e.Seq),
		At: e.Received, Channels: []Channel{Webhook},
	}
}
