package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cartwright/sessions"
)

// Receipt is the answer to an append.
type Receipt struct {
	Success  bool                `json:"success"`
	Seq      sessions.Seq        `json:"seq"`
	Rejected []sessions.Rejected `json:"rejected,omitempty"` // of a batch: items that were refused, by their place
}

// appendTimeout is how long a request waits for its turn. Whoever is refused then
// sends it again.
const appendTimeout = 15 * time.Second

// append appends a batch. Any error is unavailable: nothing is known to be stored, and
// senders throw away what is answered otherwise.
func (s *Server) append(c *call, b sessions.Batch) (sessions.Receipt, error) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), appendTimeout)
	defer cancel()
	receipt, err := s.Log.Append(ctx, b)
	if err != nil {
		if p := problemOf(err); p.Status != http.StatusServiceUnavailable {
			s.Logger.Error("append", "route", c.FullPath(), "error", err)
			return receipt, unavailable("database_unavailable", "the events could not be stored; send the request again", retrySoon)
		}
		return receipt, fmt.Errorf("append %d events: %w", len(b.Events), err)
	}
	return receipt, nil
}

// appendOne appends one event and answers. A database that refuses it makes it a bad one.
func (s *Server) appendOne(c *call, e *sessions.Event) error {
	receipt, err := s.append(c, sessions.Batch{Events: []*sessions.Event{e}})
	if err != nil {
		return err
	}
	if len(receipt.Rejected) > 0 {
		return refused(receipt.Rejected[0])
	}
	c.receipt(Receipt{Success: true, Seq: receipt.Seq})
	return nil
}

// receipt answers that what was sent is stored.
func (c *call) receipt(r Receipt) {
	c.Header("Cartwright-Seq", strconv.FormatInt(int64(r.Seq), 10))
	c.JSON(http.StatusOK, r)
}

// refused is the problem of a single item.
func refused(r sessions.Rejected) *Problem { return problem(statusOf(r.Code), r.Code, r.Reason) }
