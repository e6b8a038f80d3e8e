package sessions

import (
	"testing"
	"time"
)

// A stream that is never idle for long does not keep its ended sessions in memory.
func TestDropForgetsEndedSessionsOfABusyStream(t *testing.T) {
	f := newFold(0, DefaultSettings())
	f.streams["a:backend"] = &stream{}
	hour := Millis(time.Hour.Milliseconds())
	for i := range Seq(10) {
		e := &Event{Seq: i + 1, Kind: Page, Source: Backend, Visitor: 1, Received: Millis(i) * hour, Occurred: Millis(i) * hour}
		e.Anonymous = "backend"
		if err := f.addOne(e); err != nil {
			t.Fatal(err)
		}
	}
	f.saved()
	if n := f.drop(8 * hour); n != 8 {
		t.Errorf("%d sessions are dropped, want 8", n)
	}
	if st := f.streams["a:backend"]; st.len() != 2 || st.from != 8*hour {
		t.Errorf("held are %d sessions from %d on", st.len(), st.from)
	}
	if n := f.drop(20 * hour); n != 2 || len(f.streams) != 0 {
		t.Errorf("%d sessions are dropped, %d streams held", n, len(f.streams))
	}
}
