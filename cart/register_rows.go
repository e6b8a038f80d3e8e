package cart

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

type contactRow struct {
	Kind       string `gorm:"primaryKey"`
	Value      string `gorm:"primaryKey"`
	ToldBy     string `gorm:"primaryKey"`
	CustomerID string
	Email      string
	ToldAt     int64
}

func (contactRow) TableName() string { return "contacts" }

type consentRow struct {
	Email       string `gorm:"primaryKey"`
	ToldBy      string `gorm:"primaryKey"`
	State       string `gorm:"primaryKey"`
	Basis       string
	Source      string
	TextVersion string
	GivenAt     int64
	Seq         int64
}

func (consentRow) TableName() string { return "consents" }

type suppressionRow struct {
	AddressHash string `gorm:"primaryKey"`
	Reason      string `gorm:"primaryKey"`
	Detail      string
	OccurredAt  int64
	Times       []byte
	Seq         int64
}

func (suppressionRow) TableName() string { return "suppressions" }

// registerTables are the tables of registers.
func registerTables() []sessions.Table {
	return []sessions.Table{
		{Name: "contacts", Key: "kind,value,told_by"}, {Name: "consents", Key: "email,told_by,state"},
		{Name: "suppressions", Key: "address_hash,reason"}, {Name: "mailed", Key: "seq"}, {Name: "unsubscribes", Key: "seq"},
	}
}

// loadRegister returns the register that holds what events can touch.
func loadRegister(tx *gorm.DB, events []*sessions.Event) (r *register, err error) {
	keys, emails, hashes := map[contactKey]bool{}, map[sessions.Email]bool{}, map[string]bool{}
	for _, e := range events {
		for _, i := range introductions(e) {
			keys[i.key] = true
		}
		if _, says := statementOf(e); says {
			emails[e.Email] = true
		}
		if e.Kind == sessions.AddressSuppressed || e.Kind == sessions.AddressReleased {
			s, err := suppressionOf(e) // both tell the hash
			if err != nil {
				return nil, err
			}
			hashes[s.Hash] = true
		}
	}
	r = &register{changedContacts: map[contactKey]bool{}, changedConsents: map[sessions.Email]bool{}, changedHashes: map[string]bool{}}
	if r.contacts, err = loadContacts(tx, keys); err != nil {
		return nil, err
	}
	if r.consents, err = loadConsents(tx, emails); err != nil {
		return nil, err
	}
	r.suppressions, err = loadSuppressions(tx, hashes)
	return r, err
}

// loadContacts reads contacts by their keys.
func loadContacts(tx *gorm.DB, keys map[contactKey]bool) (contacts, error) {
	values := map[string]map[string]bool{} // by kind
	for k := range keys {
		if values[k.kind] == nil {
			values[k.kind] = map[string]bool{}
		}
		values[k.kind][k.value] = true
	}
	known := contacts{}
	for _, kind := range slices.Sorted(maps.Keys(values)) {
		if err := known.load(tx, kind, texts(values[kind])); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// load adds the contacts of a kind and some values, of all tellers.
func (k contacts) load(tx *gorm.DB, kind string, values []string) error {
	return database.Each(values, func(part []string) error {
		var rows []contactRow
		if err := tx.Where("kind = ? AND value IN ?", kind, part).Find(&rows).Error; err != nil {
			return fmt.Errorf("load contacts: %w", err)
		}
		for _, r := range rows {
			key := contactKey{r.Kind, r.Value, Teller(r.ToldBy)}
			k[key] = contact{sessions.CustomerID(r.CustomerID), sessions.Email(r.Email), sessions.Millis(r.ToldAt)}
		}
		return nil
	})
}

// loadContactsOf reads what leads to the shoppers of carts: of the browsers that
// filled them, then of the customers at these and those told with the carts.
func loadContactsOf(tx *gorm.DB, carts []Cart) (contacts, error) {
	known := contacts{}
	browsers, customers := map[sessions.AnonymousID]bool{}, map[sessions.CustomerID]bool{}
	for _, c := range carts {
		customers[c.Customer] = true
		for _, a := range c.Browsers {
			browsers[a] = true
		}
	}
	if err := known.load(tx, contactBrowser, texts(browsers)); err != nil {
		return nil, err
	}
	for _, c := range known {
		customers[c.Customer] = true
	}
	delete(customers, "")
	return known, known.load(tx, contactCustomer, texts(customers))
}

// loadConsents reads what was said of addresses.
func loadConsents(tx *gorm.DB, emails map[sessions.Email]bool) (map[sessions.Email]Consent, error) {
	said := map[sessions.Email]Consent{}
	return said, database.Each(texts(emails), func(part []string) error {
		var rows []consentRow
		if err := tx.Where("email IN ?", part).Order("email, told_by, state").Find(&rows).Error; err != nil {
			return fmt.Errorf("load consents: %w", err)
		}
		for _, r := range rows {
			said[sessions.Email(r.Email)] = append(said[sessions.Email(r.Email)], Statement{
				Seq: sessions.Seq(r.Seq), Teller: Teller(r.ToldBy),
				MailConsent: sessions.MailConsent{
					State: sessions.MailState(r.State), Basis: sessions.MailBasis(r.Basis),
					Source: r.Source, TextVersion: r.TextVersion, At: sessions.Millis(r.GivenAt),
				},
			})
		}
		return nil
	})
}

// loadSuppressions reads what holds mails to addresses back, by their hashes.
func loadSuppressions(tx *gorm.DB, hashes map[string]bool) (map[string][]Suppression, error) {
	held := map[string][]Suppression{}
	return held, database.Each(texts(hashes), func(part []string) error {
		var rows []suppressionRow
		if err := tx.Where("address_hash IN ?", part).Order("address_hash, reason").Find(&rows).Error; err != nil {
			return fmt.Errorf("load suppressions: %w", err)
		}
		for _, r := range rows {
			s, err := r.suppression()
			if err != nil {
				return err
			}
			held[s.Hash] = append(held[s.Hash], s)
		}
		return nil
	})
}

func (r suppressionRow) suppression() (Suppression, error) {
	s := Suppression{
		Hash: r.AddressHash, Reason: SuppressionReason(r.Reason), Detail: r.Detail,
		At: sessions.Millis(r.OccurredAt), Seq: sessions.Seq(r.Seq),
	}
	if err := json.Unmarshal(r.Times, &s.times); err != nil {
		return s, fmt.Errorf("decode a suppression of event %d: %w", r.Seq, err)
	}
	return s, nil
}

func rowOfSuppression(s Suppression) (suppressionRow, error) {
	times, err := encodeList(s.times)
	return suppressionRow{s.Hash, string(s.Reason), s.Detail, int64(s.At), times, int64(s.Seq)}, err
}

// save writes what changed.
func (r *register) save(tx *gorm.DB) error {
	replace := clause.OnConflict{UpdateAll: true}
	if err := write(tx, r.contactRows(), replace); err != nil {
		return fmt.Errorf("save contacts: %w", err)
	}
	if err := write(tx, r.consentRows(), replace); err != nil {
		return fmt.Errorf("save consents: %w", err)
	}
	if err := r.saveSuppressions(tx); err != nil {
		return fmt.Errorf("save suppressions: %w", err)
	}
	if err := write(tx, r.mailed, clause.OnConflict{DoNothing: true}); err != nil {
		return fmt.Errorf("save mails: %w", err)
	}
	if err := write(tx, r.unsubscribes, clause.OnConflict{DoNothing: true}); err != nil {
		return fmt.Errorf("save unsubscribes: %w", err)
	}
	if err := write(tx, rowsOf(r.triggers, rowOfTrigger), clause.OnConflict{DoNothing: true}); err != nil {
		return fmt.Errorf("save triggers of consents: %w", err)
	}
	return nil
}

func (r *register) contactRows() []contactRow {
	var rows []contactRow
	for k := range r.changedContacts {
		c := r.contacts[k]
		rows = append(rows, contactRow{k.kind, k.value, string(k.teller), string(c.Customer), string(c.Email), int64(c.At)})
	}
	return rows
}

func (r *register) consentRows() []consentRow {
	var rows []consentRow
	for email := range r.changedConsents {
		for _, s := range r.consents[email] {
			rows = append(rows, consentRow{
				string(email), string(s.Teller), string(s.State), string(s.Basis), s.Source, s.TextVersion, int64(s.At), int64(s.Seq),
			})
		}
	}
	return rows
}

// saveSuppressions writes all that holds back the addresses that changed.
func (r *register) saveSuppressions(tx *gorm.DB) error {
	var rows []suppressionRow
	for hash := range r.changedHashes {
		for _, s := range r.suppressions[hash] {
			row, err := rowOfSuppression(s)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	err := database.Each(texts(r.changedHashes), func(part []string) error {
		return tx.Where("address_hash IN ?", part).Delete(&suppressionRow{}).Error
	})
	if err != nil {
		return err
	}
	return write(tx, rows, clause.OnConflict{UpdateAll: true})
}
