package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cartwright/sessions"
)

// The sizes of a list's page.
const (
	defaultLimit = 50
	maximumLimit = 500
)

// patience is how long a read waits for what after_seq asks for.
const patience = 2 * time.Second

// page is one part of a list. The list goes on after Next, which is null at its end.
type page[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

// pageOf cuts a page out of rows, of which one more than limit was asked for, so
// that it is known whether the list goes on. Key names the last row.
func pageOf[T any](rows []T, limit int, key func(T) string) page[T] {
	p := page[T]{Data: rows}
	if rows == nil {
		p.Data = []T{}
	}
	if len(rows) > limit {
		p.Data = rows[:limit]
		next := key(rows[limit-1])
		p.Next = &next
	}
	return p
}

// numbered answers a page of a list whose rows are named by a number.
func numbered[T any, K ~int64](c *call, list func(after K, limit int) ([]T, error), key func(T) K) error {
	limit, err := c.limit()
	if err != nil {
		return err
	}
	after, err := c.number("after", c.Query("after"), 0)
	if err != nil {
		return err
	}
	rows, err := list(K(after), limit+1)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, pageOf(rows, limit, func(row T) string { return strconv.FormatInt(int64(key(row)), 10) }))
	return nil
}

// limit is how many rows a page may have.
func (c *call) limit() (int, error) {
	n, err := c.number("limit", c.Query("limit"), defaultLimit)
	if err != nil || n < 1 || n > maximumLimit {
		return 0, invalidParameter("limit", fmt.Sprintf("a number from 1 to %d", maximumLimit))
	}
	return int(n), nil
}

// number reads a parameter that is a number and not negative, or absent.
func (c *call) number(name, text string, absent int64) (int64, error) {
	if text == "" {
		return absent, nil
	}
	n, err := strconv.ParseUint(text, 10, 63) // which takes digits only
	if err != nil {
		return 0, invalidParameter(name, "a number")
	}
	return int64(n), nil
}

// id reads the number in the path. What is no number names nothing.
func (c *call) id() (int64, error) {
	n, err := strconv.ParseUint(c.Param("id"), 10, 63)
	if err != nil || n < 1 {
		return 0, sessions.ErrNotFound
	}
	return int64(n), nil
}

// name reads the shop's own id in the path. What could not be stored names nothing.
func (c *call) name() (string, error) {
	name := c.Param("id")
	if !storable(name) {
		return "", sessions.ErrNotFound
	}
	return name, nil
}

// text reads a parameter that may be any text, or absent.
func (c *call) text(name string) (string, error) {
	text := c.Query(name)
	if !storable(text) {
		return "", notStorable(name)
	}
	return text, nil
}

func notStorable(name string) *Problem { return invalidParameter(name, "valid UTF-8 without U+0000") }

// storable reports whether a text can be in the database. Not every database can be
// asked for others.
func storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}

// flag reads a parameter that is true or false.
func (c *call) flag(name string) (bool, error) {
	switch c.Query(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, invalidParameter(name, "true or false")
}

// written waits until the sessions hold what the call's after_seq asks for.
func (s *Server) written(c *call) error { return c.await(s.Follower.WaitFor) }

// appended waits until the log holds what the call's after_seq asks for. What
// decisions rest on, carts and orders among it, is written with the log itself.
func (s *Server) appended(c *call) error {
	return c.await(func(ctx context.Context, seq sessions.Seq) error { return s.Log.Wait(ctx, seq-1) })
}

// await waits, up to [patience], for the seq that the call names, if any.
func (c *call) await(reached func(context.Context, sessions.Seq) error) error {
	return c.awaitSeq(c.Query("after_seq"), reached)
}

// awaitSeq waits, up to [patience], for a seq as an after_seq tells it, if any.
func (c *call) awaitSeq(text string, reached func(context.Context, sessions.Seq) error) error {
	seq, err := c.number("after_seq", text, 0)
	if err != nil || seq == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), patience)
	defer cancel()
	if err := reached(ctx, sessions.Seq(seq)); err != nil {
		if ctx.Err() != nil {
			return errBehind
		}
		return fmt.Errorf("wait for event %d: %w", seq, err)
	}
	return nil
}
