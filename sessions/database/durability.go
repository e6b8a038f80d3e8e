package database

import (
	"errors"
	"fmt"
	"slices"
)

// Durability is how much a commit waits for the disk. The zero value means Full.
type Durability string

// The durabilities.
const (
	// Full: a transaction that was answered with success survives a power failure. A database that
	// does not confirm it is refused.
	Full Durability = "full"

	// Normal: a power failure may take back the newest transactions. SQLite stays consistent;
	// PostgreSQL is asked to wait, and its server's fsync and full_page_writes are taken as they are.
	Normal Durability = "normal"

	// Off: nothing waits. A power failure may destroy the database.
	Off Durability = "off"
)

// ErrNotDurable says that commits wait less for the disk than was asked for.
var ErrNotDurable = errors.New("commits might not survive a power failure; if that is acceptable, allow it by the setting durability")

// known are the durabilities from the strongest to the weakest.
func known() []Durability { return []Durability{Full, Normal, Off} }

// UnmarshalText reads a durability as configurations name it.
func (d *Durability) UnmarshalText(text []byte) error {
	if !slices.Contains(known(), Durability(text)) {
		return fmt.Errorf("%q is none of full, normal and off", text)
	}
	*d = Durability(text)
	return nil
}

// MarshalText is the name of d.
func (d Durability) MarshalText() ([]byte, error) { return []byte(d), nil }

// checked returns d, or Full if d says nothing; the error names what is no durability.
func (d Durability) checked() (Durability, error) {
	if d == "" {
		return Full, nil
	}
	return d, new(Durability).UnmarshalText([]byte(d))
}
