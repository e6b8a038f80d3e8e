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

// clickedMessage completes the message that tells of a click. Where what was
// clicked was about no cart, its cart has the id 0 and no lines.
func clickedMessage(tx *gorm.DB, t Trigger, m Message) (Message, error) {
	var rows []clickRow
	if err := tx.Where("seq = ?", int64(t.Seq)).Find(&rows).Error; err != nil {
		return m, fmt.Errorf("write the message of trigger %s: %w", t.ID, err)
	}
	if len(rows) == 0 {
		return m, fmt.Errorf("write the message of trigger %s: its click: %w", t.ID, sessions.ErrNotFound)
	}
	click := rows[0].click()
	m.Data.Click = &MessageClick{Trigger: click.Trigger, Flow: click.Flow, Step: click.Step, Channel: click.Channel}
	visitor, err := sessions.Root(tx, click.Visitor)
	if err != nil {
		return m, fmt.Errorf("write the message of trigger %s: %w", t.ID, err)
	}
	c := Cart{Visitor: visitor, Status: Emptied, Lines: []sessions.Line{}, Episode: t.Episode}
	if t.Cart != 0 {
		if c, err = living(tx, t.Cart); err != nil {
			return m, fmt.Errorf("write the message of trigger %s: %w", t.ID, err)
		}
	}
	if m.Data.Visitor, err = messageVisitor(tx, c); err != nil {
		return m, fmt.Errorf("write the message of trigger %s: %w", t.ID, err)
	}
	m.Data.Cart = messageCart(c)
	m.Data.Cart.AbandonedAt, err = abandonedAt(tx, t)
	return m, err
}
