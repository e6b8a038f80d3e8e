package api

import (
	"encoding/json"
	"testing"

	"cartwright/sessions"
)

func TestReceiptsAreEncodedAsByEncodingJSON(t *testing.T) {
	for _, r := range []Receipt{
		{}, {Success: true}, {Success: true, Seq: 1 << 62}, {Seq: -7},
		{Success: true, Seq: 12, Rejected: []sessions.Rejected{{Index: 3, Code: "invalid", Reason: "<b> & \u2028 \xff", Body: []byte("{}")}}},
	} {
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.appendJSON([]byte("before")); err != nil || string(got) != "before"+string(want) {
			t.Errorf("encoded %s, %v, want %s", got, err, want)
		}
	}
}
