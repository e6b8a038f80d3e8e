package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// check compares the log and the triggers with what the shoppers were told.
func (s *soak) check(ctx context.Context) error {
	for _, shopper := range s.shoppers {
		s.figures.Acknowledged += shopper.next
		s.figures.Again += shopper.again
		s.figures.Reads += shopper.reads
		s.figures.Errors += shopper.errors
		s.figures.Unexpected = append(s.figures.Unexpected, shopper.unexpected...)
	}
	s.grew()
	db, err := database.Open(ctx, s.db, database.Options{Durability: database.Off}) // nothing is written
	if err != nil {
		return err
	}
	if err := errors.Join(s.countEvents(ctx, db), s.countTriggers(ctx, db), db.Close()); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	s.figures.Differences, err = s.verified(ctx, program)
	return err
}

// countEvents reads the whole log and counts what is missing and what is there twice.
func (s *soak) countEvents(ctx context.Context, db *database.DB) error {
	seen := make([][]uint8, len(s.shoppers)) // how often, by shopper and number
	for i, shopper := range s.shoppers {
		seen[i] = make([]uint8, shopper.next)
	}
	for after := sessions.Seq(0); ; {
		events, err := sessions.ReadEvents(db.Read(ctx), after, 2000)
		if err != nil || len(events) == 0 {
			s.countSeen(seen)
			return err
		}
		for _, e := range events {
			after = e.Seq
			id, ours := strings.CutPrefix(e.MessageID, soakID)
			shopper, number, _ := strings.Cut(id, "-")
			i, err := strconv.Atoi(shopper)
			n, failed := strconv.Atoi(number)
			if ours && err == nil && failed == nil && i < len(seen) && n < len(seen[i]) && seen[i][n] < 2 {
				seen[i][n]++
			}
		}
	}
}

func (s *soak) countSeen(seen [][]uint8) {
	for _, shopper := range seen {
		for _, times := range shopper {
			switch times {
			case 0:
				s.figures.Lost++
			case 2:
				s.figures.Doubled++
			}
		}
	}
}

// countTriggers counts triggers, and those that say what another says, in the
// database and as they arrived.
func (s *soak) countTriggers(ctx context.Context, db *database.DB) error {
	err := db.Read(ctx).Raw(`SELECT COUNT(*), COUNT(*) - COUNT(DISTINCT cart || '/' || episode || '/' || kind)
		FROM triggers WHERE dry = 0`).Row().Scan(&s.figures.Triggers, &s.figures.Twice)
	if err != nil {
		return fmt.Errorf("count triggers: %w", err)
	}
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	told := map[string]bool{}
	for _, hook := range s.hooks.arrived { // each id once
		told[hook.Data.TriggerID] = true
	}
	s.figures.Told, s.figures.ToldTwice = len(told), len(s.hooks.arrived)-len(told)
	s.figures.Untold = s.figures.Triggers - len(told)
	return nil
}

// trouble is what a program that keeps its promises never has.
func (r longReport) trouble() error {
	f := r.Soak
	if f == nil || f.Lost+f.Doubled+f.Twice+f.ToldTwice+f.Untold+f.Differences == 0 {
		return nil
	}
	return fmt.Errorf("soak: %d acknowledged events are lost, %d doubled; %d triggers were decided twice, %d told twice, %d not told; "+
		"verify finds %d differences", f.Lost, f.Doubled, f.Twice, f.ToldTwice, f.Untold, f.Differences)
}

// differencesIn reads what “verify --json” printed.
func differencesIn(out []byte) (int, error) {
	var said struct {
		Differences []string `json:"differences"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return 0, fmt.Errorf("read what verify found: %w", err)
	}
	return len(said.Differences), nil
}
