package database

import (
	"fmt"
	"strings"
)

// durability is how much a commit waits for the disk, numbered as SQLite's synchronous pragma is.
type durability int

const (
	durabilityOff durability = iota
	durabilityNormal
	durabilityFull
	durabilityExtra
)

// parseDurability reads Options.Synchronous.
func parseDurability(s string) (durability, error) {
	switch strings.ToUpper(s) {
	case "OFF":
		return durabilityOff, nil
	case "NORMAL":
		return durabilityNormal, nil
	case "", "FULL":
		return durabilityFull, nil
	case "EXTRA":
		return durabilityExtra, nil
	}
	return 0, fmt.Errorf("synchronous %q is none of OFF, NORMAL, FULL, EXTRA", s)
}
