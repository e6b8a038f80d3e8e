package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cartwright/recommend"
	"cartwright/recommend/evaluate"
	"cartwright/sessions"
)

// shopHistory is what a shop's own log says for an evaluation: its sessions, ordered by
// when they ended, and the weights that it ranks by.
type shopHistory struct {
	sessions [][]recommend.Click // that are not empty, the one that ended first at the front
	weights  recommend.Weights
	window   recommend.Limits // how far back the index reaches
}

// readHistory reads the log of a shop that serves with the window of a configuration.
func readHistory(ctx context.Context, log *sessions.Log, c Config) (h shopHistory, err error) {
	if err := c.checkWindow(); err != nil {
		return h, err
	}
	h.window = c.window()
	clicks, weights, err := recommend.Clicks(ctx, log)
	if err != nil {
		return h, err
	}
	h.weights = weights
	slices.SortStableFunc(clicks, func(a, b recommend.Click) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.At, b.At))
	})
	for from := 0; from < len(clicks); {
		to := from + 1
		for to < len(clicks) && clicks[to].Session == clicks[from].Session {
			to++
		}
		h.sessions = append(h.sessions, clicks[from:to])
		from = to
	}
	slices.SortStableFunc(h.sessions, func(a, b []recommend.Click) int { return cmp.Compare(lastClick(a), lastClick(b)) })
	return h, nil
}

// lastClick is when a session's last click happened.
func lastClick(session []recommend.Click) int64 { return session[len(session)-1].At }

// newest is when the last session ended; 0 without any.
func (h shopHistory) newest() int64 {
	if len(h.sessions) == 0 {
		return 0
	}
	return lastClick(h.sessions[len(h.sessions)-1])
}

// until returns how many sessions had ended before a time.
func (h shopHistory) until(at int64) int {
	n, _ := slices.BinarySearchFunc(h.sessions, at, func(s []recommend.Click, at int64) int { return cmp.Compare(lastClick(s), at) })
	return n
}

// evaluation is one in which the sessions from one on are predicted, and those before it
// are known as far as the window reaches.
func (h shopHistory) evaluation(from int, o evaluate.Options) (*evaluate.Evaluation, error) {
	o.Limits = h.window
	return evaluate.New(rowsOf(h.sessions[:from]), rowsOf(h.sessions[from:]), o)
}

// rowsOf are the clicks of sessions, each named by its key.
func rowsOf(list [][]recommend.Click) (rows []evaluate.Click) {
	for _, clicks := range list {
		session := strconv.FormatInt(int64(clicks[0].Session), 10)
		for _, c := range clicks {
			rows = append(rows, evaluate.Click{
				Session: session, Item: c.Item, At: c.At, Action: c.Action, Visitor: c.Visitor, Network: c.Network,
			})
		}
	}
	return rows
}

// parseDays reads a length of time that may be given in days, such as 7d.
func parseDays(text string) (time.Duration, error) {
	if days, whole := cutSuffixNumber(text, "d"); whole {
		return time.Duration(days) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("takes a length of time such as 7d or 36h, not %q", text)
	}
	return d, nil
}

// brief writes a length of time as parseDays reads it.
func brief(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// cutSuffixNumber reads a positive whole number before a suffix.
func cutSuffixNumber(text, suffix string) (int, bool) {
	if len(text) <= len(suffix) || text[len(text)-len(suffix):] != suffix {
		return 0, false
	}
	n, err := strconv.Atoi(text[:len(text)-len(suffix)])
	return n, err == nil && n > 0 && n < 36500
}
