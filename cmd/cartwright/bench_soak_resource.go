package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// soakLife is a program from its start to its kill. What it used is the median of the
// last third of that time; all lives are equally long, so that this is at the same age.
type soakLife struct {
	Seconds float64 `json:"seconds"`
	Ready   float64 `json:"ready_seconds"` // from its start
	Events  int     `json:"events_in_log"`
	soakResource
	Within soakResource `json:"growth"` // from the middle third to the last, as a ratio
}

func (l soakLife) String() string {
	return fmt.Sprintf("ready after %.2f s, %s events, %.0f MB resident, %.0f MB heap, %.0f MB of it held, %.1f MB index, %.0f descriptors, %.0f goroutines",
		l.Ready, thousands(int64(l.Events)), l.RSS, l.Heap, l.Held, l.Index, l.FDs, l.Goroutines)
}

// soakResource is what a program uses, or how that changes. Held is the least that the
// heap was between collections, and the index a part of it.
type soakResource struct {
	RSS        float64 `json:"rss_megabytes"`
	Heap       float64 `json:"heap_megabytes"`
	Held       float64 `json:"held_megabytes"`
	Index      float64 `json:"index_megabytes"`
	FDs        float64 `json:"descriptors"`
	Goroutines float64 `json:"goroutines"`
}

// resourceOf makes a resource of what each of its fields comes to.
func resourceOf(value func(field func(soakResource) float64) float64) soakResource {
	return soakResource{
		RSS:        value(func(r soakResource) float64 { return r.RSS }),
		Heap:       value(func(r soakResource) float64 { return r.Heap }),
		Held:       value(func(r soakResource) float64 { return r.Held }),
		Index:      value(func(r soakResource) float64 { return r.Index }),
		FDs:        value(func(r soakResource) float64 { return r.FDs }),
		Goroutines: value(func(r soakResource) float64 { return r.Goroutines }),
	}
}

// live samples what a program uses from when it is ready, for a time.
func (s *soak) live(ctx context.Context, c *child, d time.Duration) (l soakLife, err error) {
	ready, err := c.ready(ctx)
	if err != nil {
		return l, err
	}
	s.turns.Add(1)
	var samples []soakResource
	tick := time.NewTicker(max(min(d/30, time.Second), 10*time.Millisecond))
	defer tick.Stop()
	for began := time.Now(); len(samples) < 3 || time.Since(began) < d; {
		select {
		case err := <-c.ended:
			return l, errors.Join(errors.New("it ended by itself"), err)
		case <-tick.C:
		}
		m, err := c.metrics(ctx)
		if err != nil {
			return l, err
		}
		l.Events = int(m["cartwright_log_seq"])
		samples = append(samples, soakResource{
			RSS: megabytes(m["process_resident_memory_bytes"]), Heap: megabytes(m["go_memstats_heap_inuse_bytes"]),
			Held: megabytes(m["go_memstats_heap_alloc_bytes"]), Index: megabytes(m["cartwright_index_bytes"]),
			FDs: m["process_open_fds"], Goroutines: m["go_goroutines"],
		})
	}
	l.Seconds, l.Ready = round(time.Since(c.started).Seconds()), hundredth(ready)
	third := len(samples) / 3
	l.soakResource = middleOf(samples[2*third:])
	l.Within = grown(middleOf(samples[third:2*third]), l.soakResource)
	return l, nil
}

// middleOf is the median of each resource, but of what is held the least.
func middleOf(samples []soakResource) soakResource {
	middle := resourceOf(func(field func(soakResource) float64) float64 {
		var values []float64
		for _, s := range samples {
			values = append(values, field(s))
		}
		return median(values)
	})
	for i, s := range samples {
		if i == 0 || s.Held < middle.Held {
			middle.Held = s.Held
		}
	}
	return middle
}

// grown is how many times as much one is as the other; 0 where that was nothing.
func grown(from, to soakResource) soakResource {
	return resourceOf(func(field func(soakResource) float64) float64 {
		if field(from) == 0 {
			return 0
		}
		return ratio(field(to), field(from))
	})
}

// hourly is what grows in an hour by the line that fits lives best, two at least.
func hourly(lives []soakLife) soakResource {
	return resourceOf(func(field func(soakResource) float64) float64 {
		var at, x, y, xx, xy float64
		for _, l := range lives {
			at += max(1, l.Seconds) / time.Hour.Seconds()
			x, y = x+at, y+field(l.soakResource)
			xx, xy = xx+at*at, xy+at*field(l.soakResource)
		}
		n := float64(len(lives))
		return tenth((n*xy - x*y) / (n*xx - x*x))
	})
}

// grew compares the lives but the first, which did not find a log.
func (s *soak) grew() {
	if len(s.figures.Lives) < 3 {
		return
	}
	lives := s.figures.Lives[1:]
	g, h := grown(lives[0].soakResource, lives[len(lives)-1].soakResource), hourly(lives)
	s.figures.Growth, s.figures.Hourly = &g, &h
}
