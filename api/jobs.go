package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"cartwright/sessions"
)

// Jobs is how the jobs stand and what may be asked of them. What is answered is sent as it is. A job
// that is not there is [sessions.ErrNotFound]. Who asks is the id of a key.
type Jobs struct {
	List   func(ctx context.Context) (any, error)
	Runs   func(ctx context.Context, job string, before sessions.Millis, limit int) ([]JobRun, error) // newest first
	Run    func(ctx context.Context, job, who, reason string) (any, error)
	Pause  func(ctx context.Context, job, who, reason string) error
	Resume func(ctx context.Context, job string) error
}

// JobRun is how one run of a job went, as it is answered, and when it began.
type JobRun struct {
	Started sessions.Millis
	Answer  any
}

// MarshalJSON is the answer alone.
func (r JobRun) MarshalJSON() ([]byte, error) { return json.Marshal(r.Answer) }

// longestReason is how many bytes are taken of a reason.
const longestReason = 500

// jobs answers GET /v1/jobs.
func (s *Server) jobs(c *call) error {
	list, err := s.Jobs.List(c.Request.Context())
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, map[string]any{"data": list, "next": nil})
	return nil
}

// jobRuns answers GET /v1/jobs/{name}/runs.
func (s *Server) jobRuns(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	list := func(before sessions.Millis, limit int) ([]JobRun, error) {
		return s.Jobs.Runs(c.Request.Context(), c.Param("name"), before, limit)
	}
	return numbered(c, list, func(r JobRun) sessions.Millis { return r.Started })
}

// runJob answers POST /v1/jobs/{name}/run: the request, which is taken up within a second or so.
func (s *Server) runJob(c *call) error {
	return s.withReason(c, func(reason string) error {
		request, err := s.Jobs.Run(c.Request.Context(), c.Param("name"), c.key.ID, reason)
		if err != nil {
			return err
		}
		c.JSON(http.StatusAccepted, request)
		return nil
	})
}

// pauseJob answers POST /v1/jobs/{name}/pause.
func (s *Server) pauseJob(c *call) error {
	return s.withReason(c, func(reason string) error {
		if reason == "" {
			return invalidParameter("reason", "given in the body, for whoever finds the job paused")
		}
		if err := s.Jobs.Pause(c.Request.Context(), c.Param("name"), c.key.ID, reason); err != nil {
			return err
		}
		return s.jobs(c)
	})
}

// resumeJob answers POST /v1/jobs/{name}/resume.
func (s *Server) resumeJob(c *call) error {
	if err := s.Jobs.Resume(c.Request.Context(), c.Param("name")); err != nil {
		return err
	}
	return s.jobs(c)
}

// withReason reads the body, {"reason": "…"} or nothing, and hands on what it says.
func (s *Server) withReason(c *call, use func(reason string) error) error {
	return s.withBody(c, func(body []byte) error {
		var order struct {
			Reason string `json:"reason"`
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&order); err != nil && !errors.Is(err, io.EOF) || decoder.More() {
			return invalidBody(`the body must be {"reason": "…"}`)
		}
		reason := strings.TrimSpace(order.Reason)
		if !storable(reason) {
			return invalidParameter("reason", "without U+0000")
		}
		if len(reason) > longestReason {
			return invalidParameter("reason", "at most "+strconv.Itoa(longestReason)+" bytes long")
		}
		return use(reason)
	})
}
