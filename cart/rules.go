package cart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// Rules are what decisions are made by, besides the flows that stand in the log.
type Rules struct {
	// Fallback is the flow that holds as long as none is configured.
	Fallback flow.Flow

	// Instead, unless nil, are flows that hold instead of those of the log.
	Instead []flow.Flow

	// Zone is where the shop is, by whose clock quiet hours go where a shopper's is not
	// known; nil means UTC.
	Zone *time.Location

	// Catalog returns the entries of those products that have one, for conditions on
	// categories and for what is in stock; nil means that no product has.
	Catalog func(*gorm.DB, []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error)

	// Mails says that mails can be sent. Without, steps that only mail are skipped.
	Mails bool

	// Mail says whom they may go to.
	Mail MailRules

	known *knownFlows // nil: each decision reads the flows anew
}

// remembering returns the rules for somebody who decides again and again.
func (r Rules) remembering() Rules {
	r.known = &knownFlows{}
	return r
}

// knownFlows are the flows as they were read last. They are read again when the log has
// a newer version.
type knownFlows struct {
	mu      sync.Mutex // guards what follows
	version sessions.Seq
	plan    flow.Plan
}

// RulesOf returns the rules that only have a flow to fall back on.
func RulesOf(f flow.Flow) Rules { return Rules{Fallback: f} }

func (r Rules) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

func (r Rules) catalog(tx *gorm.DB, ids []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error) {
	if r.Catalog == nil || len(ids) == 0 {
		return nil, nil
	}
	return r.Catalog(tx, ids)
}

// Who configured flows.
const (
	ByDefault = "default" // nobody: the fallback holds
	ByFile    = "file"
	ByAPI     = "api"
)

// Configured are the flows of a shop as they were configured last.
type Configured struct {
	Version sessions.Seq // the event that says so; 0: nobody configured any
	Origin  string       // default, file or api
	At      sessions.Millis
	Flows   []flow.Flow
}

// flowsRow is one configuration of flows; all are kept.
type flowsRow struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement:false"`
	Origin    string
	ChangedAt int64
	Body      []byte // the flows as JSON
}

func (flowsRow) TableName() string { return "flows" }

// flowsContent is the content of a flows.changed event.
type flowsContent struct {
	Origin string          `json:"origin"`
	Flows  json.RawMessage `json:"flows"`
}

// flowsRowOf returns the row that a flows.changed event is.
func flowsRowOf(e *sessions.Event) (flowsRow, error) {
	var c flowsContent
	if err := json.Unmarshal(e.Data, &c); err != nil {
		return flowsRow{}, fmt.Errorf("read the flows of event %d: %w", e.Seq, err)
	}
	return flowsRow{Seq: int64(e.Seq), Origin: c.Origin, ChangedAt: int64(e.Received), Body: c.Flows}, nil
}

func (r flowsRow) configured() (Configured, error) {
	flows, err := flow.Parse(r.Body)
	if err != nil {
		return Configured{}, fmt.Errorf("read the flows of event %d: %w", r.Seq, err)
	}
	return Configured{sessions.Seq(r.Seq), r.Origin, sessions.Millis(r.ChangedAt), flows}, nil
}

// LoadFlows returns the flows as of the end of the log, the fallback where nobody
// configured any.
func (r Rules) LoadFlows(tx *gorm.DB) (Configured, error) {
	var rows []flowsRow
	if err := tx.Order("seq DESC").Limit(1).Find(&rows).Error; err != nil {
		return Configured{}, fmt.Errorf("load flows: %w", err)
	}
	if len(rows) == 0 {
		return Configured{Origin: ByDefault, Flows: []flow.Flow{r.Fallback}}, nil
	}
	if string(rows[0].Body) == "null" { // they were taken out of the file again
		return Configured{sessions.Seq(rows[0].Seq), ByDefault, sessions.Millis(rows[0].ChangedAt), []flow.Flow{r.Fallback}}, nil
	}
	return rows[0].configured()
}

// plan returns the flows in the order in which they are asked. Nobody changes them.
func (r Rules) plan(tx *gorm.DB) (flow.Plan, error) {
	switch {
	case r.Instead != nil:
		return flow.PlanOf(r.Instead), nil
	case r.known == nil:
		c, err := r.LoadFlows(tx)
		return flow.PlanOf(c.Flows), err
	}
	var newest sessions.Seq
	if err := tx.Model(&flowsRow{}).Select("COALESCE(MAX(seq), 0)").Scan(&newest).Error; err != nil {
		return nil, fmt.Errorf("look for newer flows: %w", err)
	}
	r.known.mu.Lock()
	defer r.known.mu.Unlock()
	if r.known.plan == nil || r.known.version != newest {
		c, err := r.LoadFlows(tx)
		if err != nil {
			return nil, err
		}
		r.known.version, r.known.plan = c.Version, flow.PlanOf(c.Flows)
	}
	return r.known.plan, nil
}

// ErrFlowsChanged says that flows were changed by somebody else since they were read.
var ErrFlowsChanged = errors.New("the flows were changed meanwhile")

// ChangeFlows makes flows those of the shop, from its next decision on, and returns
// them as they are configured then. Nothing is appended if they are those already. With a version, the
// error is [ErrFlowsChanged] if the flows that hold are of another one. What is under
// way goes on by the flow of its name, as it is now; where there is none of this name any more, it
// ends.
func (r Rules) ChangeFlows(ctx context.Context, log *sessions.Log, origin string, flows []flow.Flow, version *sessions.Seq, now time.Time) (Configured, error) {
	body, err := json.Marshal(flows)
	if err != nil {
		return Configured{}, fmt.Errorf("encode flows: %w", err)
	}
	var after Configured
	head, err := log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		if after, err = r.LoadFlows(tx); err != nil {
			return nil, err
		}
		if version != nil && *version != after.Version {
			return nil, ErrFlowsChanged
		}
		known, err := json.Marshal(after.Flows)
		if err != nil || after.Version != 0 && string(known) == string(body) {
			return nil, err
		}
		after = Configured{0, origin, sessions.MillisOf(now), flows}
		e, err := sessions.Own(sessions.FlowsChanged, 0, after.At, flowsContent{origin, body})
		return []*sessions.Event{e}, err
	})
	if err != nil {
		return Configured{}, fmt.Errorf("change the flows: %w", err)
	}
	if after.Version == 0 {
		after.Version = head.Seq
	}
	return after, nil
}

// FlowsOfFile makes the flows of the configuration file those of the shop if they are
// others than those of the file that was told last: what changed last counts, so that
// a restart takes nothing back that was changed over the API since. Nil stands for a file without any: the
// fallback holds.
func (r Rules) FlowsOfFile(ctx context.Context, db *gorm.DB, log *sessions.Log, flows []flow.Flow, now time.Time) error {
	body, err := json.Marshal(flows)
	if err != nil {
		return fmt.Errorf("encode flows: %w", err)
	}
	var rows []flowsRow
	if err := db.Where("origin = ?", ByFile).Order("seq DESC").Limit(1).Find(&rows).Error; err != nil {
		return fmt.Errorf("load the flows of the configuration file: %w", err)
	}
	if len(rows) == 1 && string(rows[0].Body) == string(body) || len(rows) == 0 && flows == nil {
		return nil
	}
	// Also where they hold already: this is what the file said last.
	_, err = log.Decide(ctx, func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(sessions.FlowsChanged, 0, sessions.MillisOf(now), flowsContent{ByFile, body})
		return []*sessions.Event{e}, err
	})
	if err != nil {
		return fmt.Errorf("tell the log the flows of the configuration file: %w", err)
	}
	return nil
}
