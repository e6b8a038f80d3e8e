package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// couponsShown is how many issued codes are listed.
const couponsShown = 100

// couponRoutes are those of the pool of coupon codes.
func (s *Server) couponRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/coupons", scope: Secret, handle: s.coupons},
		{method: http.MethodPost, path: "/v1/coupons", scope: Secret, handle: s.postCoupons},
	}
}

// coupons answers GET /v1/coupons: how the pool stands, and which codes were issued last.
func (s *Server) coupons(c *call) error {
	stock, err := s.Coupons.Stock(c.Request.Context(), c.received())
	if err != nil {
		return err
	}
	issued, err := s.Coupons.Issued(c.Request.Context(), couponsShown)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, struct {
		cart.CouponStock
		Data []cart.IssuedCoupon `json:"data"`
	}{stock, issued})
	return nil
}

// postCoupons answers POST /v1/coupons: all codes are taken, or none. Those that are known
// stay as they are, so that the same request may be sent again.
func (s *Server) postCoupons(c *call) error {
	return s.withBody(c, func(body []byte) error {
		codes, expires, err := readCoupons(body)
		if err != nil {
			return err
		}
		added, err := s.Coupons.Add(c.Request.Context(), codes, expires, c.received())
		if errors.Is(err, cart.ErrCouponExpires) {
			return wrongCoupons([]wire.FieldError{{Pointer: "/expires_at", Code: codeInvalidCoupon, Detail: err.Error()}})
		}
		if err != nil {
			return err
		}
		c.JSON(http.StatusOK, added)
		return nil
	})
}

// codeInvalidCoupon is the code of what is wrong with a coupon code, or with when it expires.
const codeInvalidCoupon = "invalid_coupon"

// readCoupons reads {"codes": […], "expires_at": …}, and tells every mistake in it.
func readCoupons(body []byte) (codes []string, expires sessions.Millis, err error) {
	var form map[string]json.RawMessage
	if err := json.Unmarshal(body, &form); err != nil || form == nil {
		return nil, 0, invalidBody("the body is not one JSON object with a list “codes”")
	}
	var mistakes []wire.FieldError
	wrong := func(pointer, code, detail string) {
		mistakes = append(mistakes, wire.FieldError{Pointer: pointer, Code: code, Detail: detail})
	}
	for key := range form {
		if key != "codes" && key != "expires_at" {
			wrong("/"+key, wire.CodeUnknownField, "there is no such field; there are codes and expires_at")
		}
	}
	if list, given := form["codes"]; !given || string(list) == "null" {
		wrong("/codes", wire.CodeRequired, "the list of codes is missing")
	} else if err := json.Unmarshal(list, &codes); err != nil {
		wrong("/codes", wire.CodeInvalidType, "expected a list of texts")
	}
	if len(codes) > cart.MostCoupons {
		return nil, 0, problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge, fmt.Sprintf("at most %d codes a request, here are %d", cart.MostCoupons, len(codes)))
	}
	for i, code := range codes {
		if err := cart.CheckCoupon(code); err != nil {
			wrong("/codes/"+strconv.Itoa(i), codeInvalidCoupon, err.Error())
		}
	}
	var at *time.Time
	if text, given := form["expires_at"]; given {
		if err := json.Unmarshal(text, &at); err != nil {
			wrong("/expires_at", wire.CodeInvalidType, "expected a time such as 2027-01-31T23:59:59Z, or null for never")
		}
	}
	if len(mistakes) > 0 {
		return nil, 0, wrongCoupons(mistakes)
	}
	if at != nil {
		expires = max(1, sessions.MillisOf(*at)) // 0 stands for never
	}
	return codes, expires, nil
}

func wrongCoupons(mistakes []wire.FieldError) error {
	p := problem(http.StatusBadRequest, mistakes[0].Code, fmt.Sprintf("the body has %d mistakes, which errors lists; nothing of it was taken", len(mistakes)))
	if len(mistakes) == 1 {
		p.Detail = mistakes[0].String()
	}
	p.Errors = mistakes[:min(len(mistakes), 100)]
	return p
}
