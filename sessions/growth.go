package sessions

import (
	"fmt"

	"gorm.io/gorm"
)

// Received returns how many of the log's events up to head were received before a time, and when the
// first after them was. It takes received times to rise with seq, as they do but for imports: an
// estimate. Cost: some twenty rows.
func Received(tx *gorm.DB, head Seq, at Millis) (before Seq, first Millis, err error) {
	low, high := Seq(1), head // the first event not before at is in low..high, or there is none
	for low < high {
		middle := low + (high-low)/2
		received, err := receivedAt(tx, middle)
		if err != nil {
			return 0, 0, err
		}
		if received < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if first, err = receivedAt(tx, low); err != nil {
		return 0, 0, err
	}
	if first < at {
		return head, at, nil
	}
	return low - 1, first, nil
}

func receivedAt(tx *gorm.DB, seq Seq) (Millis, error) {
	var row struct{ ReceivedAt int64 }
	if err := tx.Table("events").Select("received_at").Where("seq = ?", int64(seq)).Take(&row).Error; err != nil {
		return 0, fmt.Errorf("read when event %d was received: %w", seq, err)
	}
	return Millis(row.ReceivedAt), nil
}
