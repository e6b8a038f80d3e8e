package cart

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// The reasons for which nobody can be mailed about a cart.
const (
	NoAddress       Reason = "no_address"       // nobody told an address
	AddressUnproven Reason = "address_unproven" // only a browser claimed it
	NoConsent       Reason = "no_consent"       // nothing is known of whether it may be mailed
	ConsentDenied   Reason = "consent_denied"   // refused or withdrawn, or the browser withheld it (do not track)
	Suppressed      Reason = "suppressed"       // unsubscribed, complained, bounced, or held back by the shop
	AddressLimit    Reason = "address_limit"    // it got enough mails lately
	NetworkLimit    Reason = "network_limit"    // carts that were begun in its network led to enough mails lately
	AddressChanged  Reason = "address_changed"  // recheck: it is not the address that was decided on
)

// Addressee is where a mail about a cart goes, or why there is none.
type Addressee struct {
	Email   sessions.Email
	Hash    string // the keyed hash of Email, which a decision to mail carries
	Network string // of whoever began the cart's episode; empty if the backend did
	Refusal Reason // why it is not mailed; empty if it may be
}

// LoadAddressees returns where mails about carts go at a time. It is to be asked in
// the transaction that decides, about those carts only that are to be mailed: within
// one call, too, an address and a network get no more than the rules allow, and the
// first carts come first.
//
// Whose address it is must be proven by the backend, or by imported history. A public
// key can say of any browser that it is anybody's, and joins their visitors by that; so
// visitors prove nothing here. The proof is what the backend told with the cart itself,
// or of the browser by whose anonymous id the cart was filled, see [contacts.reach].
// With [MailRules.BrowserAddresses] a claim is good enough, and what protects a mailbox
// is its limits.
//
// Cost: about eight queries for 500 carts, all by index.
func LoadAddressees(tx *gorm.DB, carts []Cart, now sessions.Millis, rules MailRules) (map[ID]Addressee, error) {
	m, err := loadMailing(tx, carts, rules)
	if err != nil {
		return nil, fmt.Errorf("find whom to mail: %w", err)
	}
	hashes, networks := map[string]bool{}, map[string]bool{}
	for _, a := range m.found {
		hashes[a.Hash], networks[a.Network] = true, true
	}
	lately, err := loadTally(tx, hashes, networks, now)
	if err != nil {
		return nil, fmt.Errorf("find whom to mail: %w", err)
	}
	for _, c := range carts {
		a := m.found[c.ID]
		if a.Refusal != "" {
			continue
		}
		if a.Refusal = lately.against(a.Hash, a.Network, rules, now); a.Refusal == "" {
			lately.count(a.Hash, a.Network, now)
		}
		m.found[c.ID] = a
	}
	return m.found, nil
}

// AddresseeOf returns where the mail of a trigger goes as of the transaction that
// starts an attempt. The decision has taken its share of the limits. An address that
// is not the one decided on is refused: it has not. One that another mail arrived at
// late, within the pause, is to wait: [AddressLimit].
func AddresseeOf(tx *gorm.DB, t Trigger, rules MailRules, now sessions.Millis) (Addressee, error) {
	c, err := subjectOfTrigger(tx, t)
	if errors.Is(err, sessions.ErrNotFound) {
		return Addressee{Refusal: NoAddress}, nil
	}
	if err != nil {
		return Addressee{}, fmt.Errorf("find whom to mail for trigger %s: %w", t.ID, err)
	}
	return addresseeOf(tx, t, c, rules, now)
}

// addresseeOf is [AddresseeOf] of a trigger whose subject is known.
func addresseeOf(tx *gorm.DB, t Trigger, c Cart, rules MailRules, now sessions.Millis) (Addressee, error) {
	m, err := loadMailing(tx, []Cart{c}, rules)
	if err != nil {
		return Addressee{}, fmt.Errorf("find whom to mail for trigger %s: %w", t.ID, err)
	}
	a := m.found[c.ID]
	var decided []mailedRow
	if err := tx.Where("seq = ?", int64(t.Seq)).Find(&decided).Error; err != nil {
		return a, fmt.Errorf("find whom to mail for trigger %s: %w", t.ID, err)
	}
	if a.Refusal == "" && (len(decided) == 0 || decided[0].AddressHash != a.Hash) {
		a.Refusal = AddressChanged
	}
	if a.Refusal != "" {
		return a, nil
	}
	arrived, err := otherArrived(tx, t, a.Hash, now.Add(-rules.AddressPause))
	if arrived {
		a.Refusal = AddressLimit
	}
	return a, err
}

// Verdict is what becomes of a mail to an addressee whose attempt is due.
func (a Addressee) Verdict(now sessions.Millis) Verdict {
	switch a.Refusal {
	case "":
		return Verdict{Outcome: Fire}
	case AddressLimit:
		return Verdict{Hold, AddressLimit, now.Add(limitPause)}
	}
	return Verdict{Outcome: Suppress, Reason: a.Refusal}
}

// longestMail is how long after its decision a mail may arrive at the latest.
const longestMail = 7 * 24 * time.Hour

// otherArrived reports whether another mail than a trigger's arrived at an address after
// a time, or may have.
func otherArrived(tx *gorm.DB, t Trigger, hash string, after sessions.Millis) (bool, error) {
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM mailed
		JOIN triggers ON triggers.seq = mailed.seq AND triggers.id <> ?
		JOIN endings ON endings.trigger_id = triggers.id AND endings.channel = ? AND endings.outcome IN ? AND endings.at > ?
		WHERE mailed.address_hash = ? AND mailed.mailed_at > ?`,
		t.ID, string(Email), arrivals(), int64(after), hash, int64(after.Add(-longestMail))).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("find other mails to the address of trigger %s: %w", t.ID, err)
	}
	return n > 0, nil
}

// A mailing is what is looked up for some carts.
type mailing struct {
	key      addressKey
	contacts contacts
	events   map[sessions.Seq]*sessions.Event // with which the carts' episodes began, and their last ones
	consents map[sessions.Email]Consent
	held     map[string][]Suppression
	found    map[ID]Addressee
}

// loadMailing finds where carts' shoppers are reached and whether they may be.
func loadMailing(tx *gorm.DB, carts []Cart, rules MailRules) (m mailing, err error) {
	m.found = make(map[ID]Addressee, len(carts))
	if m.key, err = loadAddressKey(tx); err != nil {
		return m, err
	}
	if m.contacts, err = loadContactsOf(tx, carts); err != nil {
		return m, err
	}
	seqs := make([]sessions.Seq, 0, 2*len(carts))
	for _, c := range carts {
		seqs = append(seqs, c.EpisodeBegan, c.LastSeq)
	}
	if m.events, err = sessions.EventsAt(tx, seqs); err != nil {
		return m, err
	}
	emails, hashes := map[sessions.Email]bool{}, map[string]bool{}
	for _, c := range carts {
		a := m.addressed(c, rules)
		if a.Email != "" {
			emails[a.Email], hashes[a.Hash] = true, true
		}
		m.found[c.ID] = a
	}
	if m.consents, err = loadConsents(tx, emails); err != nil {
		return m, err
	}
	if m.held, err = loadSuppressions(tx, hashes); err != nil {
		return m, err
	}
	for _, c := range carts {
		a := m.found[c.ID]
		a.Refusal = m.refusal(c, a, rules)
		m.found[c.ID] = a
	}
	return m, nil
}

// addressed returns where a cart's shopper is reached, if that is told well enough.
func (m mailing) addressed(c Cart, rules MailRules) Addressee {
	email, proof := m.contacts.reach(c)
	switch {
	case proof == absent:
		return Addressee{Refusal: NoAddress}
	case proof == contradicted, proof == claimed && !rules.BrowserAddresses:
		return Addressee{Refusal: AddressUnproven}
	}
	return Addressee{Email: email, Hash: m.key.hash(email), Network: network(m.events[c.EpisodeBegan])}
}

// refusal returns why an address is not mailed, apart from limits.
func (m mailing) refusal(c Cart, a Addressee, rules MailRules) Reason {
	if a.Refusal != "" {
		return a.Refusal
	}
	said, known := m.consents[a.Email].Standing(rules.BrowserAddresses)
	refusal := rules.refusal(stands(m.held[a.Hash]), said, known)
	if refusal != Suppressed && (withheld(m.events[c.EpisodeBegan]) || withheld(m.events[c.LastSeq])) {
		return ConsentDenied
	}
	return refusal
}

// refusal returns why an address is not mailed of which something is said, or nothing.
func (r MailRules) refusal(suppressed bool, said Statement, known bool) Reason {
	switch {
	case suppressed:
		return Suppressed
	case known && said.State == sessions.MailDenied:
		return ConsentDenied
	case !known && r.RequireConsent:
		return NoConsent
	}
	return ""
}

// withheld reports whether the browser that sent an event asked not to be followed.
func withheld(e *sessions.Event) bool { return e != nil && e.Consent == "denied" }

// nowhere stands for the network of browsers that no address is known of: together
// they get what one network gets.
const nowhere = "unknown"

// network returns the network of whoever sent an event, empty for the backend.
func network(e *sessions.Event) string {
	switch {
	case e == nil || e.Source != sessions.Browser:
		return ""
	case e.Address == "":
		return nowhere
	}
	return e.Address
}
