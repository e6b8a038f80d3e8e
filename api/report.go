package api

import (
	"context"
	"net/http"
	"time"

	"cartwright/cart"
)

// Reports says what recovery earned in a period, without its end.
type Reports interface {
	Recovery(ctx context.Context, from, to time.Time) (cart.RecoveryReport, error)
}

// reportedDays is how long a report looks back, unless it is asked for more.
const reportedDays = 30

// recoveryReport answers GET /v1/reports/recovery.
func (s *Server) recoveryReport(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	from, to, err := Period(c.Query("from"), c.Query("to"), c.now, s.Rules.Zone)
	if err != nil {
		return err
	}
	report, err := s.Reports.Recovery(c.Request.Context(), from, to)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, report)
	return nil
}

// Period reads the two ends of a period, each a day, which begins at midnight in a
// zone (nil: UTC), or a time by RFC 3339. Without an end it is now, with all of this
// second; without a beginning it is thirty days before the end. Both are returned in
// that zone. The error is a [Problem].
func Period(from, to string, now time.Time, zone *time.Location) (begin, end time.Time, err error) {
	if zone == nil {
		zone = time.UTC
	}
	if end, err = endOf("to", to, now.Truncate(time.Second).Add(time.Second), zone); err != nil {
		return begin, end, err
	}
	if begin, err = endOf("from", from, end.AddDate(0, 0, -reportedDays), zone); err != nil {
		return begin, end, err
	}
	if !begin.Before(end) {
		return begin, end, invalidParameter("from", "before to, which is "+end.Format(time.RFC3339))
	}
	return begin, end, nil
}

// endOf reads one end of a period.
func endOf(name, text string, absent time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return absent.In(zone), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		at, err := time.ParseInLocation(layout, text, zone)
		if err != nil || at.Year() < 1970 || at.Year() >= 10_000 {
			continue
		}
		if at = at.In(zone); layout == time.DateOnly && at.Format(layout) < text { // its clocks went forward at midnight
			_, at = at.ZoneBounds()
		}
		return at, nil
	}
	return time.Time{}, invalidParameter(name, "a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z")
}
