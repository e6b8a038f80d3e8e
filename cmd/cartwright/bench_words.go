package main

import "fmt"

// print writes the long parts for people.
func (r longReport) print(s streams) {
	if f := r.Start; f != nil {
		fmt.Fprintf(s.out, "\nAfter a crash with %s events: ready after %.2f s, sessions and recommendations complete after %.2f s;\n"+
			"the process uses %.0f MB then, %.0f MB at most, the database %.0f MB.\n", thousands(int64(f.Events)), f.Ready, f.CaughtUp, f.RSS, f.Peak, f.Database)
	}
	if f := r.Memory; f != nil {
		fmt.Fprintf(s.out, "\nMemory: %.0f MB are held with %s events, %.0f bytes for each more of them, of everything\n"+
			"(resident %.0f); the index takes %.0f bytes a click. On disk an event takes %.0f bytes.\n", f.Held, thousands(int64(f.Events)), f.PerEvent, f.Resident, f.PerClick, f.PerRow)
	}
	if f := r.Full; f != nil {
		fmt.Fprintf(s.out, "\nWith %s events in the log: %s events/s, %.2f of a new log's %s. It was filled with %s a second, and takes\n"+
			"%.0f MB; the process, with the clients, %.0f MB.\n", thousands(int64(f.Events)), thousands(int64(f.Rate)), f.Ratio, thousands(int64(f.Empty)), thousands(int64(f.Filling)), f.Database, f.RSS)
	}
	if f := r.Soak; f != nil {
		f.print(s)
	}
}

func (f *soakFigures) print(s streams) {
	fmt.Fprintf(s.out, "\n%.0f s under mixed load with %d kills: %s events acknowledged, %d lost, %d doubled; %d requests sent twice;\n"+
		"%s reads; %d triggers, %d of them twice, %d told by webhook, %d twice; verify finds %d differences; %d errors that no kill explains.\n",
		f.Seconds, f.Kills, thousands(int64(f.Acknowledged)), f.Lost, f.Doubled, f.Again, thousands(int64(f.Reads)), f.Triggers, f.Twice,
		f.Told, f.ToldTwice, f.Differences, f.Errors)
	for i, l := range f.Lives {
		fmt.Fprintf(s.out, "life %2d: %s\n", i+1, l)
	}
	if g, h := f.Growth, f.Hourly; g != nil {
		fmt.Fprintf(s.out, "From the second life to the last: resident %.2f times (%+.1f MB an hour), heap %.2f (%+.1f MB), held %.2f (%+.1f MB),\n"+
			"descriptors %.2f (%+.1f), goroutines %.2f (%+.1f).\n", g.RSS, h.RSS, g.Heap, h.Heap, g.Held, h.Held, g.FDs, h.FDs, g.Goroutines, h.Goroutines)
	}
	for _, what := range f.Unexpected {
		fmt.Fprintln(s.out, "unexpected:", what)
	}
}
