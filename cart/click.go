package cart

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Click is a shopper's way back by the link of a message.
type Click struct {
	Seq     sessions.Seq
	Trigger string // whose message it was
	Cart    ID     // 0: the message was about none
	Visitor sessions.VisitorID
	Flow    string
	Step    int64
	Channel Channel
	At      sessions.Millis
}

// clickContent is the content of a recovery.clicked event. It says of the message
// all that reports tell apart, so that the rows follow from the event alone.
type clickContent struct {
	Trigger     string             `json:"trigger_id"`
	Cart        ID                 `json:"cart"`
	Session     sessions.SessionID `json:"session,omitempty"`
	Episode     int64              `json:"episode"`
	AbandonedAt sessions.Millis    `json:"abandoned_at"`
	Flow        string             `json:"flow"`
	Step        int64              `json:"step"`
	Channel     Channel            `json:"channel"`
	At          sessions.Millis    `json:"at"`
}

type clickRow struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement:false"`
	TriggerID string
	Cart      int64
	VisitorID int64
	Flow      string
	Step      int64
	Channel   string
	At        int64
}

func (clickRow) TableName() string { return "clicks" }

func (r clickRow) click() Click {
	return Click{
		Seq: sessions.Seq(r.Seq), Trigger: r.TriggerID, Cart: ID(r.Cart), Visitor: sessions.VisitorID(r.VisitorID),
		Flow: r.Flow, Step: r.Step, Channel: Channel(r.Channel), At: sessions.Millis(r.At),
	}
}

// endingRow says how telling a trigger ended, to one endpoint or by one mail.
type endingRow struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement:false"`
	TriggerID string
	Channel   string
	Outcome   string
	Reason    string
	At        int64
}

func (endingRow) TableName() string { return "endings" }

// responses are the rows of what came of triggers: how telling them ended, and
// the clicks on their links, which are told in turn.
type responses struct {
	clicks   []clickRow
	triggers []Trigger
	endings  []endingRow
	mailed   []endingRow // of them, those of mails that arrived
}

// applyResponses writes what events say of what came of triggers. Batches without
// such an event cost nothing.
func applyResponses(tx *gorm.DB, events []*sessions.Event) error {
	var r responses
	for _, e := range events {
		var err error
		switch e.Kind {
		case sessions.LinkClicked:
			err = r.click(e)
		case sessions.DeliveryEnded:
			err = r.end(e)
		}
		if err != nil {
			return err
		}
	}
	if err := r.sent(tx); err != nil {
		return err
	}
	once := clause.OnConflict{DoNothing: true}
	if err := write(tx, r.clicks, once); err != nil {
		return fmt.Errorf("save clicks: %w", err)
	}
	if err := write(tx, rowsOf(r.triggers, rowOfTrigger), once); err != nil {
		return fmt.Errorf("save the triggers of clicks and mails: %w", err)
	}
	if err := write(tx, r.endings, once); err != nil {
		return fmt.Errorf("save how deliveries ended: %w", err)
	}
	return nil
}

func (r *responses) click(e *sessions.Event) error {
	var c clickContent
	if err := json.Unmarshal(e.Data, &c); err != nil {
		return fmt.Errorf("read the click of event %d: %w", e.Seq, err)
	}
	r.clicks = append(r.clicks, clickRow{
		Seq: int64(e.Seq), TriggerID: c.Trigger, Cart: int64(c.Cart), VisitorID: int64(e.Visitor),
		Flow: c.Flow, Step: c.Step, Channel: string(c.Channel), At: int64(c.At),
	})
	t := Trigger{
		Seq: e.Seq, Kind: Clicked, Cart: c.Cart, Session: c.Session, Episode: c.Episode, Flow: clickFlow, Step: int64(e.Seq),
		AbandonedAt: c.AbandonedAt, At: c.At, Channels: []Channel{Webhook},
	}
	t.ID = triggerID(t)
	r.triggers = append(r.triggers, t)
	return nil
}

// end reads a delivery.ended event. Those of webhooks, which were the first, name
// no channel.
func (r *responses) end(e *sessions.Event) error {
	content := struct {
		Trigger string  `json:"trigger_id"`
		Channel Channel `json:"channel"`
		Outcome string  `json:"outcome"`
		Reason  string  `json:"reason"`
	}{Channel: Webhook}
	if err := json.Unmarshal(e.Data, &content); err != nil {
		return fmt.Errorf("read how the delivery of event %d ended: %w", e.Seq, err)
	}
	row := endingRow{
		Seq: int64(e.Seq), TriggerID: content.Trigger, Channel: string(content.Channel),
		Outcome: content.Outcome, Reason: content.Reason, At: int64(e.Received),
	}
	r.endings = append(r.endings, row)
	if content.Channel == Email && content.Outcome == mailArrived {
		r.mailed = append(r.mailed, row)
	}
	return nil
}

// mailArrived is the outcome of a mail that a mail server took.
const mailArrived = "delivered"

// mailUnknown is the outcome of a mail that a mail server may have taken.
const mailUnknown = "unknown"

// sent makes triggers that tell of mails that arrived.
func (r *responses) sent(tx *gorm.DB) error {
	ids := map[string]bool{}
	for _, row := range r.mailed {
		ids[row.TriggerID] = true
	}
	told := map[string]Trigger{}
	err := database.Each(texts(ids), func(part []string) error {
		var rows []triggerRow
		if err := tx.Where("id IN ? AND kind = ?", part, string(StepDue)).Find(&rows).Error; err != nil {
			return fmt.Errorf("load the triggers of mails: %w", err)
		}
		for _, row := range rows {
			told[row.ID] = row.trigger()
		}
		return nil
	})
	for _, row := range r.mailed {
		t, known := told[row.TriggerID]
		if !known {
			continue
		}
		t.Seq, t.Kind, t.At, t.Channels = sessions.Seq(row.Seq), Sent, sessions.Millis(row.At), []Channel{Webhook}
		t.ID = triggerID(t)
		r.triggers = append(r.triggers, t)
	}
	return err
}
