package api

import (
	"errors"
	"net/http"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// putConsents answers PUT /v1/consents: all of them are taken, or none.
func (s *Server) putConsents(c *call) error { return s.putAll(c, s.Decoder.Consents) }

// consent answers GET /v1/consents: all that is known of one address.
func (s *Server) consent(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	email, err := c.email()
	if err != nil {
		return err
	}
	if email == "" {
		return invalidParameter("email", "the address that you ask about")
	}
	said, err := s.Preferences.Said(c.Request.Context(), email, s.Rules.Mail)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, said)
	return nil
}

// postSuppressions answers POST /v1/suppressions: all of them are taken, or none.
func (s *Server) postSuppressions(c *call) error {
	return s.withBody(c, func(body []byte) error {
		told, mistakes := s.Decoder.Suppressions(body, c.received())
		if len(mistakes) > 0 {
			return s.refuseForm(c, body, mistakes)
		}
		held := make([]cart.Held, len(told))
		for i, t := range told {
			held[i] = cart.Held{Email: t.Email, Reason: suppressionReason(t), At: t.At, Detail: t.Detail}
		}
		seq, err := s.Preferences.Suppress(c.Request.Context(), held, c.received())
		if err != nil {
			return err
		}
		return s.receipt(c, Receipt{Success: true, Seq: seq})
	})
}

func suppressionReason(s wire.Suppression) cart.SuppressionReason {
	if s.Soft {
		return cart.SoftBounced
	}
	return cart.SuppressionReason(s.Reason)
}

// suppressions answers GET /v1/suppressions: all, or those of one address.
func (s *Server) suppressions(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	email, err := c.email()
	if err != nil {
		return err
	}
	if email == "" {
		return numbered(c, func(after sessions.Seq, limit int) ([]cart.Suppression, error) {
			return s.Preferences.Suppressions(c.Request.Context(), after, limit)
		}, func(s cart.Suppression) sessions.Seq { return s.Seq })
	}
	held, err := s.Preferences.SuppressionsOf(c.Request.Context(), email)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, page[cart.Suppression]{Data: append([]cart.Suppression{}, held...)})
	return nil
}

// deleteSuppressions answers DELETE /v1/suppressions: an address may be mailed again.
func (s *Server) deleteSuppressions(c *call) error {
	email, err := c.email()
	if err != nil {
		return err
	}
	if email == "" {
		return invalidParameter("email", "the address that may be mailed again")
	}
	seq, err := s.Preferences.Release(c.Request.Context(), email, c.received())
	if errors.Is(err, cart.ErrNotReleasable) {
		return problem(http.StatusConflict, "consent_needed",
			"its owner unsubscribed or complained: put a consent with the basis consent, given after that, to /v1/consents first")
	}
	if err != nil {
		return err
	}
	return s.receipt(c, Receipt{Success: true, Seq: seq})
}

// email reads the parameter email, empty if it is absent.
func (c *call) email() (sessions.Email, error) {
	text, err := c.text("email")
	if err != nil || text == "" {
		return "", err
	}
	email := wire.EmailOf(text)
	if email == "" {
		return "", invalidParameter("email", "an email address")
	}
	return email, nil
}
