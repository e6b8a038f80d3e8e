package recommend

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

// Sessions are whole or absent for every reader, while a writer appends, lets the oldest
// leave and takes others out: for those who ask, and for those who write a snapshot.
func TestReadersSeeWholeCalls(t *testing.T) {
	x := NewIndex(Limits{Sessions: 300})
	x.sizes = sizes{drafts: 2, small: 8, spare: 8} // so that it puts itself in order all the time
	x.thin = 0
	of := func(s SessionKey) (clicks []Click) {
		for _, item := range []string{"cup", "saucer", fmt.Sprint(s % 40)} {
			clicks = append(clicks, Click{Session: s, Item: item, Action: Purchased, At: int64(s), Visitor: uint32(s), Network: uint32(1 + s%50)})
		}
		return clicks
	}
	x.Append(of(1)...)
	x.Append(of(2)...)
	asks := func() error {
		popular := x.Popular(2, func(item string) bool { return item != "cup" && item != "saucer" }, nil)
		if len(popular) != 2 || popular[0].Support != popular[1].Support {
			return fmt.Errorf("half a session: %v", popular)
		}
		q := Query{Items: []string{"7", "cup"}, M: 50, K: 20, N: 5}
		if len(x.Neighbours(q, nil)) == 0 || len(x.Blend(q, nil)) == 0 || len(x.BoughtTogether("cup", 1, nil, nil)) == 0 {
			return fmt.Errorf("no neighbours, or nothing bought together")
		}
		return nil
	}
	writes := func() error {
		var file bytes.Buffer
		if err := x.view.Load().write(&file, x.limits); err != nil {
			return err
		}
		copied := NewIndex(x.limits)
		if err := copied.read(&file); err != nil {
			return err
		}
		if s := copied.Stats(); s.Clicks != 3*s.Sessions || s.Sessions == 0 {
			return fmt.Errorf("a snapshot of %+v", s)
		}
		return nil
	}
	var work sync.WaitGroup
	done := make(chan struct{})
	for _, reads := range []func() error{asks, asks, writes} {
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := reads(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for s := SessionKey(3); s < 4000; s++ {
		x.Append(of(s)...)
		if s%3 == 0 {
			x.Remove(s - 1)
		}
	}
	close(done)
	work.Wait()
}
