package cart

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// An addressKey makes of addresses what may be kept for good: whoever has not the
// key cannot try addresses out, and without an address it names nobody. It is random,
// one a database, shared by its replicas.
type addressKey [32]byte

// hash returns the keyed hash of an address, as it stands in the log.
func (k addressKey) hash(e sessions.Email) string {
	return base64.RawURLEncoding.EncodeToString(k.sign("address", []byte(e)))
}

// tokenLength is of the hash of an address, and of half a MAC over it, 128 bits.
const hashLength, tokenLength = sha256.Size, sha256.Size + sha256.Size/2

// token returns what stands in an unsubscribe link: the hash of the address, and a
// MAC over it. The hash alone would do to find the address, but stands in the log and
// in decisions, where more people may read it than may unsubscribe others.
func (k addressKey) token(e sessions.Email) string {
	hash := k.sign("address", []byte(e))
	return base64.RawURLEncoding.EncodeToString(append(hash, k.sign("unsubscribe", hash)[:tokenLength-hashLength]...))
}

// open returns the hash of a token that this key made.
func (k addressKey) open(token string) (hash string, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenLength {
		return "", false
	}
	mac := k.sign("unsubscribe", raw[:hashLength])[:tokenLength-hashLength]
	if !hmac.Equal(mac, raw[hashLength:]) {
		return "", false
	}
	return base64.RawURLEncoding.EncodeToString(raw[:hashLength]), true
}

func (k addressKey) sign(what string, text []byte) []byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(what))
	mac.Write([]byte{0})
	mac.Write(text)
	return mac.Sum(nil)
}

type addressKeyRow struct {
	ID  int64 `gorm:"primaryKey;autoIncrement:false"`
	Key []byte
}

func (addressKeyRow) TableName() string { return "address_key" }

// readAddressKey returns the database's key. False means that it has none yet.
func readAddressKey(tx *gorm.DB) (k addressKey, found bool, err error) {
	var rows []addressKeyRow
	if err := tx.Find(&rows).Error; err != nil {
		return k, false, fmt.Errorf("load the key of addresses: %w", err)
	}
	if len(rows) == 0 {
		return k, false, nil
	}
	if copy(k[:], rows[0].Key) != len(k) || len(rows[0].Key) != len(k) {
		return k, false, fmt.Errorf("the key of addresses has %d bytes instead of %d", len(rows[0].Key), len(k))
	}
	return k, true, nil
}

// loadAddressKey returns the database's key, made at its first use. Of several
// processes that make one, the first wins.
func loadAddressKey(tx *gorm.DB) (addressKey, error) {
	k, found, err := readAddressKey(tx)
	if found || err != nil {
		return k, err
	}
	row := addressKeyRow{ID: 1, Key: make([]byte, len(k))}
	_, _ = rand.Read(row.Key) // never fails
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return k, fmt.Errorf("save the key of addresses: %w", err)
	}
	k, _, err = readAddressKey(tx)
	return k, err
}

// ensureAddressKey returns the key of a database.
func ensureAddressKey(ctx context.Context, db *database.DB) (k addressKey, err error) {
	err = db.Write(ctx, func(tx *gorm.DB) error {
		k, err = loadAddressKey(tx)
		return err
	})
	return k, err
}
