package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// environmentPrefix is what the environment's names of settings begin with.
const environmentPrefix = "CARTWRIGHT_"

// variable is the environment's name of a setting.
func variable(setting string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// readEnvironment returns the variables of an environment by name, and the mistakes in those that are named
// nearly like a setting, of whatever command, and are no flag of the one that is run. Others may have
// variables that begin as ours do: so does a container beside a service called cartwright. What is empty is
// not set.
func readEnvironment(environ []string, flags *pflag.FlagSet) (env map[string]string, errs []error) {
	env = map[string]string{}
	for _, pair := range environ {
		if name, value, found := strings.Cut(pair, "="); found && value != "" {
			env[name] = value
		}
	}
	known := map[string]bool{}
	for name := range allSettings() {
		known[variable(name)] = true
	}
	flags.VisitAll(func(f *pflag.Flag) { known[variable(f.Name)] = true })
	for _, name := range slices.Sorted(maps.Keys(env)) {
		key, ours := strings.CutPrefix(name, environmentPrefix)
		if !ours || strings.HasSuffix(name, "_PORT") && strings.Contains(env[name], "://") { // as Kubernetes links services
			continue
		}
		if name == variable("config") { // the file is found before the environment is looked into
			errs = append(errs, fmt.Errorf("environment: %s names no file; --config does", name))
		} else if setting := nearest(key); setting != "" && !known[name] {
			errs = append(errs, fmt.Errorf("environment: there is no setting %s; did you mean %q?", name, setting))
		}
	}
	return env, errs
}

// suggestion names the setting that a mistyped key most likely means.
func suggestion(key string) string {
	if setting := nearest(key); setting != "" {
		return fmt.Sprintf("; did you mean %q?", setting)
	}
	return "; see cartwright config for all of them"
}

// nearest is the setting that is least mistakes away from a key, "" if all are too many: then it is
// another word.
func nearest(key string) string {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	best, least := "", min(3, 1+len(plain(key))/3)
	for _, name := range slices.Sorted(maps.Keys(allSettings())) {
		if n := mistakes(plain(key), plain(name)); n < least {
			best, least = name, n
		}
	}
	return best
}

// mistakes is how many letters must be added, taken away, replaced, or exchanged with the next to make
// one word of another.
func mistakes(a, b string) int {
	var before, above []int // the two rows above this one
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replaced := above[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
