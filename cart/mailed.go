package cart

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// mailedRow is a mail that was decided, whatever became of it then.
type mailedRow struct {
	Seq         int64 `gorm:"primaryKey;autoIncrement:false"`
	AddressHash string
	Network     string
	Cart        int64
	MailedAt    int64
}

func (mailedRow) TableName() string { return "mailed" }

// mailedOf returns the mail that d decided, if it decided one.
func mailedOf(d Decision) (mailedRow, bool) {
	row := mailedRow{Seq: int64(d.Seq), AddressHash: d.AddressHash, Network: d.Network, Cart: int64(d.Cart), MailedAt: int64(d.At)}
	return row, d.Outcome == Fire && !d.Dry && d.AddressHash != "" && slices.Contains(d.Channels, Email)
}

// MailRules say to whom is mailed, and how often.
type MailRules struct {
	// BrowserAddresses lets addresses and grants count that only browsers told.
	BrowserAddresses bool

	// RequireConsent lets no address be mailed of which nothing is known. Whether
	// it may be: a denial is obeyed either way.
	RequireConsent bool

	AddressPause time.Duration // between two mails to one address
	AddressWeek  int           // mails to one address within seven days
	NetworkDay   int           // mails within a day about carts that were begun in one network; 0 means any number
}

// DefaultMailRules mail nobody who was not proven to be reached there and to have
// consented, once in 16 hours, five times a week.
func DefaultMailRules() MailRules {
	return MailRules{RequireConsent: true, AddressPause: 16 * time.Hour, AddressWeek: 5, NetworkDay: 20}
}

// Check returns what makes the rules unusable, or nil. What protects a mailbox cannot
// be switched off.
func (r MailRules) Check() error {
	switch {
	case r.AddressPause < time.Hour || r.AddressPause > week:
		return fmt.Errorf("a pause of %s between two mails to one address is not between an hour and a week", r.AddressPause)
	case r.AddressWeek < 1:
		return fmt.Errorf("%d mails a week to one address are too few", r.AddressWeek)
	case r.NetworkDay < 0:
		return fmt.Errorf("%d mails a day for one network are less than none", r.NetworkDay)
	}
	return nil
}

const day, week = 24 * time.Hour, 7 * 24 * time.Hour

// A tally holds how much mailboxes and networks got lately.
type tally struct {
	addresses map[string][]sessions.Millis
	networks  map[string]int
}

// loadTally reads what addresses got within a week and networks within a day.
func loadTally(tx *gorm.DB, hashes, networks map[string]bool, now sessions.Millis) (tally, error) {
	t := tally{addresses: map[string][]sessions.Millis{}, networks: map[string]int{}}
	err := database.Each(texts(hashes), func(part []string) error {
		var rows []mailedRow
		if err := tx.Where("address_hash IN ? AND mailed_at > ?", part, int64(now.Add(-week))).Find(&rows).Error; err != nil {
			return fmt.Errorf("count the mails to addresses: %w", err)
		}
		for _, r := range rows {
			t.addresses[r.AddressHash] = append(t.addresses[r.AddressHash], sessions.Millis(r.MailedAt))
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	return t, database.Each(texts(networks), func(part []string) error {
		var rows []struct {
			Network string
			N       int
		}
		err := tx.Table("mailed").Select("network, COUNT(*) AS n").Where("network IN ? AND network <> '' AND mailed_at > ?", part, int64(now.Add(-day))).
			Group("network").Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("count the mails for networks: %w", err)
		}
		for _, r := range rows {
			t.networks[r.Network] = r.N
		}
		return nil
	})
}

// against returns the limit that stands against one more mail, empty if none does.
// A mail exactly the pause ago is long enough ago.
func (t tally) against(hash, network string, r MailRules, now sessions.Millis) Reason {
	mails := t.addresses[hash]
	recent := slices.ContainsFunc(mails, func(at sessions.Millis) bool { return at.Add(r.AddressPause) > now })
	switch {
	case recent, len(mails) >= r.AddressWeek:
		return AddressLimit
	case network != "" && r.NetworkDay > 0 && t.networks[network] >= r.NetworkDay:
		return NetworkLimit
	}
	return ""
}

// count takes note of one more mail.
func (t tally) count(hash, network string, now sessions.Millis) {
	t.addresses[hash] = append(t.addresses[hash], now)
	t.networks[network]++
}
