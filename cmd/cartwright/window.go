package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"cartwright/recommend"
)

// maximumRecommendMemory is more than any machine has that a shop would pay for.
const maximumRecommendMemory = 60_000

// windowFlags binds how much of the past recommendations are made from.
func (c *Config) windowFlags(flags *pflag.FlagSet) {
	flags.IntVar(&c.RecommendMemory, "recommend-memory", 300, "megabytes of memory for the sessions that recommendations are made from: one holds some 33,000 clicks. The oldest sessions leave when it is full")
	flags.IntVar(&c.RecommendDays, "recommend-days", 0, "sessions that ended so many days before the newest click leave, too; 0 means none")
}

// checkWindow returns what is wrong with it.
func (c Config) checkWindow() error {
	var memory, days error
	if c.RecommendMemory < 1 || c.RecommendMemory > maximumRecommendMemory {
		memory = fmt.Errorf("recommend-memory: %d is not between 1 and %d", c.RecommendMemory, maximumRecommendMemory)
	}
	if c.RecommendDays < 0 {
		days = fmt.Errorf("recommend-days: %d is less than none", c.RecommendDays)
	}
	return errors.Join(memory, days)
}

// window is that much of the past.
func (c Config) window() recommend.Limits {
	return recommend.LimitsOf(c.RecommendMemory, c.RecommendDays)
}
