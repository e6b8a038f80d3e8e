package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// codeInvalidFlow is the code of what is wrong with a flow.
const codeInvalidFlow = "invalid_flow"

// flows answers GET /v1/flows: those that hold now, with every default spelled out. The ETag
// is their version.
func (s *Server) flows(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	configured, err := s.Carts.Flows(c.Request.Context(), s.Rules)
	if err != nil {
		return err
	}
	c.configured(configured)
	return nil
}

func (c *call) configured(flows cart.Configured) {
	c.Header("ETag", strconv.Quote(strconv.FormatInt(int64(flows.Version), 10)))
	c.JSON(http.StatusOK, flows)
}

// putFlows answers PUT /v1/flows: all flows are replaced, from the next decision on. If-Match
// has to carry the ETag of those that the caller has seen, or * for whichever hold.
func (s *Server) putFlows(c *call) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	return s.withBody(c, func(body []byte) error {
		flows, err := readFlows(body)
		if err != nil {
			return err
		}
		after, err := s.Rules.ChangeFlows(c.Request.Context(), s.Log, cart.ByAPI, flows, version, c.now)
		if errors.Is(err, cart.ErrFlowsChanged) {
			return problem(http.StatusPreconditionFailed, "flows_changed",
				"the flows were changed since If-Match was current: read them again, and put your change into those")
		}
		if err != nil {
			return err
		}
		c.configured(after)
		return nil
	})
}

// ifMatch returns the version that the caller has seen, nil for any.
func (c *call) ifMatch() (*sessions.Seq, error) {
	text := strings.TrimSpace(c.GetHeader("If-Match"))
	switch text {
	case "":
		return nil, problem(http.StatusPreconditionRequired, "if_match_missing",
			"send If-Match with the ETag of the flows that you have read, so that nobody's change is lost, or * to replace whichever there are")
	case "*":
		return nil, nil
	}
	n, err := strconv.ParseInt(strings.Trim(text, `"`), 10, 64)
	if err != nil || n < 0 || text != strconv.Quote(strconv.FormatInt(n, 10)) {
		return nil, problem(http.StatusBadRequest, codeInvalidParameter, `If-Match must be an ETag of GET /v1/flows, such as "12", or *`)
	}
	seq := sessions.Seq(n)
	return &seq, nil
}

// readFlows reads {"flows": […]}, and tells every mistake in it.
func readFlows(body []byte) ([]flow.Flow, error) {
	var form map[string]json.RawMessage
	if err := json.Unmarshal(body, &form); err != nil || form == nil {
		return nil, invalidBody("the body is not one JSON object with a list “flows”")
	}
	var mistakes []wire.FieldError
	for key := range form {
		if key != "flows" {
			mistakes = append(mistakes, wire.FieldError{Pointer: "/" + key, Code: wire.CodeUnknownField, Detail: "there is no such field; there is flows"})
		}
	}
	list, given := form["flows"]
	if !given {
		mistakes = append(mistakes, wire.FieldError{Pointer: "/flows", Code: wire.CodeRequired, Detail: "the list of flows is missing; an empty one means none"})
		list = []byte("[]")
	}
	flows, wrong := parseFlows(list)
	for _, m := range wrong {
		mistakes = append(mistakes, wire.FieldError{Pointer: "/flows" + m.Pointer, Code: codeInvalidFlow, Detail: m.Problem})
	}
	if len(mistakes) == 0 {
		return flows, nil
	}
	p := problem(http.StatusBadRequest, mistakes[0].Code, fmt.Sprintf("the body has %d mistakes, which errors lists; the flows stay as they are", len(mistakes)))
	if len(mistakes) == 1 {
		p.Detail = mistakes[0].String()
	}
	p.Errors = mistakes
	return nil, p
}

// parseFlows reads a list of flows. What JSON can escape and YAML cannot is written
// without escapes, if it cannot be read as it is.
func parseFlows(list []byte) ([]flow.Flow, flow.Mistakes) {
	if string(list) == "null" {
		return nil, flow.Mistakes{{Problem: "expected a list"}}
	}
	flows, err := flow.Parse(list)
	wrong, is := errors.AsType[flow.Mistakes](err)
	if err != nil && !is {
		flows, err = flow.Parse(unescaped(list))
		wrong, is = errors.AsType[flow.Mistakes](err)
	}
	if err != nil && !is {
		return nil, flow.Mistakes{{Problem: "cannot be read: " + err.Error()}}
	}
	return flows, wrong
}

// unescaped writes JSON again with as few escapes as can be.
func unescaped(list []byte) []byte {
	var plain bytes.Buffer
	decoder, encoder := json.NewDecoder(bytes.NewReader(list)), json.NewEncoder(&plain)
	decoder.UseNumber()
	encoder.SetEscapeHTML(false)
	var value any
	if decoder.Decode(&value) != nil || encoder.Encode(value) != nil {
		return list
	}
	return plain.Bytes()
}
