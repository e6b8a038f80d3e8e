package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// longOptions say how much is measured by the parts that take longer than a minute.
type longOptions struct {
	crash     int           // events in the log that is started after a crash
	full      int           // events in the log that is called full
	soak      time.Duration // how long the soak is
	killEvery time.Duration
	rate      int // events a second of the soak
}

// longParts are the names of what takes longer than a minute.
var longParts = []string{"start", "memory", "full", "soak"}

// longReport is what “cartwright bench --long” adds.
type longReport struct {
	Start  *startFigures  `json:"start,omitempty"`
	Memory *memoryFigures `json:"memory,omitempty"`
	Full   *fullFigures   `json:"full,omitempty"`
	Soak   *soakFigures   `json:"soak,omitempty"`
}

// measureLong measures the long parts that are asked for.
func (o benchOptions) measureLong(ctx context.Context, r *longReport, progress func(string)) error {
	parts := []struct {
		name    string
		measure func(dir string) error
	}{
		{"start", func(dir string) (err error) { r.Start, err = measureStart(ctx, dir, o.crash, progress); return err }},
		{"memory", func(string) (err error) { r.Memory, err = measureMemory(ctx, o.dir, o.crash, progress); return err }},
		{"full", func(string) (err error) { r.Full, err = measureFull(ctx, o.dir, o.full, o.run, progress); return err }},
		{"soak", func(dir string) (err error) { r.Soak, err = measureSoak(ctx, dir, o.longOptions, progress); return err }},
	}
	for _, p := range parts {
		if !slices.Contains(o.only, p.name) {
			continue
		}
		dir, err := os.MkdirTemp(o.dir, "cartwright-bench-")
		if err != nil {
			return fmt.Errorf("make a folder for the database: %w", err)
		}
		if err := errors.Join(p.measure(dir), os.RemoveAll(dir)); err != nil {
			return fmt.Errorf("measure %s: %w", p.name, err)
		}
	}
	return nil
}

// What a log is filled with: requests of so many events, and other visitors after so
// many rounds, of one request on each connection.
const (
	fillEvents = 100
	fillRounds = 75
)

// A filler fills logs: no event of it comes twice.
type filler struct {
	generation int
	progress   func(string)
}

// fill sends at least n events to a program and returns how many it were.
func (f *filler) fill(ctx context.Context, address string, n int) (sent int, err error) {
	for sent < n {
		rounds := min(fillRounds, (n-sent+benchConnections*fillEvents-1)/(benchConnections*fillEvents))
		f.generation++
		if err := f.send(ctx, address, rounds); err != nil {
			return sent, fmt.Errorf("fill a log of %d events: %w", sent, err)
		}
		before := sent / 1_000_000
		if sent += rounds * benchConnections * fillEvents; sent/1_000_000 > before {
			f.progress(fmt.Sprintf("%s events are in the log", thousands(int64(sent))))
		}
	}
	return sent, nil
}

// send sends rounds of requests of one generation of visitors.
func (f *filler) send(ctx context.Context, address string, rounds int) error {
	s := new(side)
	if err := s.connect(address, newTraffic(f.generation, time.Now()), fillEvents); err != nil {
		return err
	}
	defer s.disconnect()
	var all sync.WaitGroup
	failed := make([]error, len(s.clients))
	for i, c := range s.clients {
		all.Go(func() {
			for range rounds {
				if failed[i] = errors.Join(ctx.Err(), c.exchange(s.next[i]())); failed[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// startFigures are what a start after a crash took.
type startFigures struct {
	Events   int     `json:"events"`
	Ready    float64 `json:"ready_seconds"`     // until /readyz
	CaughtUp float64 `json:"caught_up_seconds"` // until sessions and recommendations know all events
	RSS      float64 `json:"rss_megabytes"`     // then
	Peak     float64 `json:"peak_rss_megabytes"`
	Database float64 `json:"database_megabytes"`
}

// measureStart fills a log, kills the program and starts it again.
func measureStart(ctx context.Context, dir string, events int, progress func(string)) (*startFigures, error) {
	db := filepath.Join(dir, "shop.db")
	c, err := startChild(ctx, db)
	if err != nil {
		return nil, err
	}
	sent, err := (&filler{progress: progress}).fill(ctx, c.address, events)
	if err := errors.Join(err, c.kill()); err != nil {
		return nil, err
	}
	if c, err = startChild(ctx, db); err != nil {
		return nil, err
	}
	f := &startFigures{Events: sent}
	ready, err := c.ready(ctx)
	if err != nil {
		return nil, errors.Join(err, c.kill())
	}
	caughtUp, metrics, err := c.caughtUp(ctx, sent)
	_, peak := residentOf(c.command.Process.Pid)
	f.Peak = megabytes(peak)
	if err := errors.Join(err, c.end()); err != nil {
		return nil, err
	}
	f.Ready, f.CaughtUp = hundredth(ready), hundredth(caughtUp)
	f.RSS, f.Database = megabytes(metrics["process_resident_memory_bytes"]), megabytes(float64(sizeOf(db)))
	return f, nil
}

// caughtUp returns when sessions and recommendations know all of at least so many
// events, how long after the start, and the metrics then.
func (c *child) caughtUp(ctx context.Context, events int) (time.Duration, map[string]float64, error) {
	for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		m, err := c.metrics(ctx)
		if err != nil {
			return 0, nil, err
		}
		behind := m[`cartwright_follower_lag_events{follower="recommend"}`] + m[`cartwright_follower_lag_events{follower="sessions"}`]
		if behind == 0 && m["cartwright_log_seq"] >= float64(events) {
			return time.Since(c.started), m, nil
		}
	}
	return 0, nil, ctx.Err()
}

// sizeOf is how much of the disk a database takes, with its write-ahead log.
func sizeOf(db string) (size int64) {
	for _, name := range []string{db, db + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

func hundredth(d time.Duration) float64 { return math.Round(100*d.Seconds()) / 100 }

func megabytes(bytes float64) float64 { return tenth(bytes / (1 << 20)) }

// sayTo returns a progress that writes lines with the time.
func sayTo(s streams) func(string) {
	return func(what string) { fmt.Fprintf(s.err, "%s %s\n", time.Now().Format(time.TimeOnly), what) }
}
