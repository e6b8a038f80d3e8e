package flow

import (
	"encoding/json"
	"slices"
	"strconv"
)

// told is a flow as it is written, with the keys that [Parse] reads.
type told struct {
	Name       string      `json:"name"`
	Kind       Kind        `json:"kind"`
	Wait       string      `json:"wait"`
	MaximumAge string      `json:"maximum_age"`
	Conditions *Conditions `json:"conditions,omitempty"`
	Steps      []toldStep  `json:"steps"`
	Quiet      string      `json:"quiet_hours,omitempty"`
	Cap        string      `json:"frequency_cap"`
	CoolDown   string      `json:"cool_down"`
	Holdout    string      `json:"holdout"`
	Priority   int         `json:"priority"`

	CouponFirst bool `json:"coupon_on_first_step,omitempty"`
}

type toldStep struct {
	Offset   string    `json:"offset"`
	Channels []Channel `json:"channels"`
	Coupon   bool      `json:"coupon,omitempty"`
}

// MarshalJSON writes the flow with everything spelled out that it left to defaults;
// [Parse] reads the same flow from it.
func (f Flow) MarshalJSON() ([]byte, error) {
	t := told{
		Name: f.Name, Kind: f.Kind, Wait: formatDuration(f.Wait), MaximumAge: formatDuration(f.MaximumAge), Steps: []toldStep{},
		Quiet: f.Quiet.String(), Cap: formatDuration(f.Cap), CoolDown: formatDuration(f.CoolDown),
		Holdout: strconv.Itoa(f.Holdout) + "%", Priority: f.Priority, CouponFirst: f.CouponFirst,
	}
	if !f.Conditions.Empty() {
		t.Conditions = &f.Conditions
	}
	for _, s := range f.Steps {
		t.Steps = append(t.Steps, toldStep{formatDuration(s.Offset), s.Channels, s.Coupon})
	}
	return json.Marshal(t)
}

// UnmarshalJSON reads what [Parse] reads, one flow.
func (f *Flow) UnmarshalJSON(text []byte) error {
	flows, err := Parse(slices.Concat([]byte("["), text, []byte("]")))
	if err == nil {
		*f = flows[0]
	}
	return err
}
