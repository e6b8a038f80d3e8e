package cart

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// MessageConsent is what changed of whether an address may be mailed.
type MessageConsent struct {
	Channel     Channel            `json:"channel"` // email
	State       sessions.MailState `json:"state"`
	Reason      SuppressionReason  `json:"reason,omitempty"` // unsubscribe or complaint, if it was one
	Basis       sessions.MailBasis `json:"basis,omitempty"`
	Source      string             `json:"source,omitempty"`
	TextVersion string             `json:"text_version,omitempty"`
	Teller      Teller             `json:"told_by,omitempty"`
	At          time.Time          `json:"occurred_at"`
}

// consentMessage returns what is sent for a change of consent, as of tx. An unsubscribe
// or a complaint tells the hash of an address alone: the address is sent if its visitor
// is still known by it, and left out after an erasure.
func consentMessage(tx *gorm.DB, t Trigger) (m Message, err error) {
	m = Message{Type: t.Kind, Timestamp: t.At.Time(), Data: MessageData{TriggerID: t.ID}}
	found, err := sessions.EventsAt(tx, []sessions.Seq{t.Seq})
	if err != nil {
		return m, err
	}
	e := found[t.Seq]
	if e == nil {
		return m, fmt.Errorf("event %d: %w", t.Seq, sessions.ErrNotFound)
	}
	root, err := sessions.Root(tx, e.Visitor)
	if err != nil {
		return m, err
	}
	if m.Data.Visitor, err = messageVisitor(tx, Cart{Visitor: root, Email: e.Email}); err != nil {
		return m, err
	}
	if e.Kind == sessions.AddressSuppressed {
		return m, m.suppressed(tx, e)
	}
	s, _ := statementOf(e)
	m.Data.Consent = &MessageConsent{
		Channel: Email, State: s.State, Basis: s.Basis, Source: s.Source, TextVersion: s.TextVersion, Teller: s.Teller, At: s.At.Time(),
	}
	return m, nil
}

// suppressed fills in what a suppression tells.
func (m *Message) suppressed(tx *gorm.DB, e *sessions.Event) error {
	s, err := suppressionOf(e)
	if err != nil {
		return err
	}
	m.Data.Consent = &MessageConsent{Channel: Email, State: sessions.MailDenied, Reason: s.Reason, At: s.At.Time()}
	key, known, err := readAddressKey(tx)
	if err != nil || !known {
		return err
	}
	for _, email := range m.Data.Visitor.Emails {
		if key.hash(email) == s.Hash {
			m.Data.Visitor.Email = email
		}
	}
	return nil
}
