package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// received is a webhook whose signature was right.
type received struct {
	ID   string
	Type string `json:"type"`
	Data struct {
		TriggerID string `json:"trigger_id"`
		Cart      struct {
			Name     string `json:"cart_id"`
			Currency string `json:"currency"`
			Value    int64  `json:"value"`
			Units    int64  `json:"units"`
		} `json:"cart"`
		Visitor struct {
			Customer string `json:"user_id"`
		} `json:"visitor"`
	} `json:"data"`
}

// A receiver is the shop's side of webhooks: it takes those whose signatures
// the official library verifies, and each id once.
type receiver struct {
	verifier *standardwebhooks.Webhook

	mu      sync.Mutex
	seen    map[string]bool
	arrived []received
	refused int
}

func newReceiver(secret string) (*receiver, error) {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, fmt.Errorf("read the webhook secret: %w", err)
	}
	return &receiver{verifier: verifier, seen: map[string]bool{}}, nil
}

// ServeHTTP takes one webhook.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if err := r.take(request); err != nil {
		r.mu.Lock()
		r.refused++
		r.mu.Unlock()
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (r *receiver) take(request *http.Request) error {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	if err := r.verifier.Verify(body, request.Header); err != nil {
		return err
	}
	hook := received{ID: request.Header.Get("webhook-id")}
	if err := json.Unmarshal(body, &hook); err != nil {
		return err
	}
	if hook.ID == "" {
		return errors.New("a webhook without an id")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen[hook.ID] {
		r.seen[hook.ID] = true
		r.arrived = append(r.arrived, hook)
	}
	return nil
}

// of returns the webhooks of a type that have arrived so far.
func (r *receiver) of(kind string) []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []received
	for _, hook := range r.arrived {
		if hook.Type == kind {
			found = append(found, hook)
		}
	}
	return found
}

// rejections is how many webhooks were refused.
func (r *receiver) rejections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}
