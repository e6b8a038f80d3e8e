package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A soakShopper sends what several shoppers do, and reads. What was not answered, or
// answered with 429 or 503, it sends again with the same ids until it is taken.
type soakShopper struct {
	soak  *soak
	name  int
	every time.Duration // of one event
	next  int           // the next event
	http  http.Client

	again      int
	reads      int
	errors     int
	unexpected []string // the first of those errors
}

func newSoakShopper(s *soak, name int, rate float64) *soakShopper {
	return &soakShopper{
		soak: s, name: name, every: time.Duration(float64(time.Second) / rate),
		http: http.Client{Timeout: 10 * time.Second, Transport: new(http.Transport)},
	}
}

// soakBatch is how many events a batch carries; every other request carries one.
const soakBatch = 20

// shop sends until ctx ends, at the shopper's rate, and finishes what it began.
func (s *soakShopper) shop(ctx context.Context) {
	due := time.Now()
	for step := 0; ctx.Err() == nil; step++ {
		n := 1
		if step%2 == 0 {
			n = soakBatch
		}
		body := s.batch(n)
		s.deliver(body)
		if step%10 == 0 { // an answer that got lost
			s.deliver(body)
			s.again++
		}
		s.next += n
		s.read(step)
		if due = due.Add(time.Duration(n) * s.every); time.Until(due) < -time.Second {
			due = time.Now() // what a kill cost is not made up for
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(due)):
		}
	}
}

// soakPeople is how many people each soakShopper is. They come in turn, each for a visit, and again when all
// others were there: within minutes there is nobody new, and what still grows is not for their number.
const soakPeople = 1000

// soakEvents are what a shopper does in turn: of twenty things three adds and a checkout.
var soakEvents = [soakBatch]string{
	`"type":"page","name":"Home"`, viewed, viewed, added, viewed, viewed, `"type":"track","event":"Products Searched"`, viewed, added, viewed,
	viewed, viewed, viewed, `"type":"page","name":"About us"`, viewed, added, viewed, `"type":"track","event":"Checkout Started"`, viewed, viewed,
}

const (
	viewed = `"type":"track","event":"Product Viewed"`
	added  = `"type":"track","event":"Product Added"`
)

// batch writes the shopper's next n events. Every third one says who he is, and
// every other of those orders.
func (s *soakShopper) batch(n int) []byte {
	b := []byte(`{"batch":[`)
	for i := s.next; i < s.next+n; i++ {
		if i > s.next {
			b = append(b, ',')
		}
		visit := i / soakBatch
		who := visit % soakPeople
		head, properties := soakEvents[i%soakBatch], fmt.Sprintf(`"product_id":"sku-%d","price":12.5,"quantity":1,"currency":"EUR"`, (i*7+i%soakBatch)%2000)
		if i%soakBatch == soakBatch-1 && who%3 == 0 {
			head = `"type":"identify","traits":{"email":"soak` + strconv.Itoa(who) + `@example.com"}`
			if who%2 == 0 {
				head, properties = `"type":"track","event":"Order Completed"`,
					fmt.Sprintf(`"order_id":"%d-%d","total":12.5,"currency":"EUR","products":[{%s}]`, s.name, visit, properties)
			}
		}
		b = fmt.Appendf(b, `{%s,"messageId":"%s%d-%d","anonymousId":"soak-%d-%d","properties":{%s}}`, head, soakID, s.name, i, s.name, who, properties)
	}
	return append(b, "]}"...)
}

// soakID begins the message ids of a soak, which go on with a shopper and a number.
const soakID = "soak-"

// deliver sends a batch until it is taken, however often the program is killed.
func (s *soakShopper) deliver(body []byte) {
	for {
		status, wait := s.exchange(http.MethodPost, "/v1/batch", benchKey, string(body))
		if status == http.StatusOK {
			return
		}
		time.Sleep(max(wait, 100*time.Millisecond))
	}
}

// read asks for what a shop's pages and backend do.
func (s *soakShopper) read(step int) {
	path, key := fmt.Sprintf("/v1/recommendations?context=home&anonymous_id=soak-%d-%d", s.name, s.next/soakBatch%soakPeople), benchKey
	switch step % 8 {
	case 1:
		path, key = "/v1/sessions?limit=20", benchSecret
	case 3:
		path, key = "/v1/carts?limit=20", benchSecret
	case 5:
		path = fmt.Sprintf("/v1/recommendations?context=product&item=sku-%d&anonymous_id=soak-%d-%d", step%2000, s.name, s.next/soakBatch%soakPeople)
	}
	if status, _ := s.exchange(http.MethodGet, path, key, ""); status == http.StatusOK {
		s.reads++
	}
}

// exchange sends one request; the status is 0 where there is no answer. What a
// program that is well should not answer is noted.
func (s *soakShopper) exchange(method, path, key, body string) (status int, wait time.Duration) {
	turn := s.soak.turns.Load()
	explained := func() bool { return turn%2 == 1 || s.soak.turns.Load() != turn }
	request, err := http.NewRequest(method, s.soak.address+path, strings.NewReader(body))
	if err != nil {
		s.note(err.Error())
		return 0, 0
	}
	request.SetBasicAuth(key, "")
	answer, err := s.http.Do(request)
	if err != nil {
		if !explained() {
			s.note(err.Error())
		}
		return 0, 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	if answer.StatusCode != http.StatusOK && !explained() {
		s.note(method + " " + path + ": " + answer.Status)
	}
	return answer.StatusCode, time.Duration(seconds) * time.Second
}

// note counts what should not be, and keeps the first few.
func (s *soakShopper) note(what string) {
	s.errors++
	if len(s.unexpected) < 5 {
		s.unexpected = append(s.unexpected, what)
	}
}
