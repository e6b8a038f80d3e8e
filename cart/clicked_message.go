package cart

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// MessageClick says whose message a shopper followed back to the shop.
type MessageClick struct {
	Trigger string  `json:"trigger_id"` // of that message
	Flow    string  `json:"flow"`
	Step    int64   `json:"step"`
	Channel Channel `json:"channel"`
}

// clickedMessage completes the message that tells of a click.
func clickedMessage(tx *gorm.DB, t Trigger, m Message) (Message, error) {
	var err error
	if m.Data.Click, err = loadClick(tx, t.Seq); err == nil {
		err = m.tellReturn(tx, t)
	}
	if err != nil {
		return m, fmt.Errorf("write the message of trigger %s: %w", t.ID, err)
	}
	return m, nil
}

// loadClick returns what the click of an event followed.
func loadClick(tx *gorm.DB, seq sessions.Seq) (*MessageClick, error) {
	var rows []clickRow
	if err := tx.Where("seq = ?", int64(seq)).Find(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("the click of event %d: %w", seq, sessions.ErrNotFound)
	}
	c := rows[0].click()
	return &MessageClick{Trigger: c.Trigger, Flow: c.Flow, Step: c.Step, Channel: c.Channel}, nil
}

// tellReturn writes to what the shopper came back: the cart, or the one that took
// its place, or what they had looked at.
func (m *Message) tellReturn(tx *gorm.DB, t Trigger) error {
	if t.Session != 0 {
		return m.tellVisit(tx, t)
	}
	c, err := living(tx, t.Cart)
	if err != nil {
		return err
	}
	if m.Data.Visitor, err = messageVisitor(tx, c); err != nil {
		return err
	}
	told := messageCart(c)
	told.AbandonedAt, err = abandonedAt(tx, t)
	m.Data.Cart = &told
	return err
}
