package api

import (
	"encoding/json"
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

// appendPatience is how long a request waits for its turn. Whoever is refused then
// sends it again.
const appendPatience = 15 * time.Second

// append appends a batch. Any error is unavailable: nothing is known to be stored, and
// senders throw away what is answered otherwise.
func (s *Server) append(c *call, b sessions.Batch) (sessions.Receipt, error) {
	b.Patience = appendPatience
	receipt, err := s.Log.Append(c.Request.Context(), b)
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
	return s.receipt(c, Receipt{Success: true, Seq: receipt.Seq})
}

// receipt answers that what was sent is stored.
func (s *Server) receipt(c *call, r Receipt) error {
	c.Header("Cartwright-Seq", strconv.FormatInt(int64(r.Seq), 10))
	return s.answerEncoded(c, r.appendJSON)
}

// appendJSON appends the receipt to dst, as encoding/json writes it: that is left to encoding/json
// where something was refused.
func (r Receipt) appendJSON(dst []byte) ([]byte, error) {
	if len(r.Rejected) > 0 {
		told, err := json.Marshal(r)
		return append(dst, told...), err
	}
	dst = strconv.AppendBool(append(dst, `{"success":`...), r.Success)
	dst = strconv.AppendInt(append(dst, `,"seq":`...), int64(r.Seq), 10)
	return append(dst, '}'), nil
}

// refused is the problem of a single item.
func refused(r sessions.Rejected) *Problem { return problem(statusOf(r.Code), r.Code, r.Reason) }
