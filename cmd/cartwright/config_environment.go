package main

import (
	"fmt"
	"maps"
	"regexp"
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

// readEnvironment returns the variables of an environment by name, and which of those that are named like
// settings are neither one, of whatever command, nor a flag of the command that is run. What is empty
// is not set.
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
	// The file is found before the environment is looked into.
	flags.VisitAll(func(f *pflag.Flag) { known[variable(f.Name)] = f.Name != "config" })
	for _, name := range slices.Sorted(maps.Keys(env)) {
		key, ours := strings.CutPrefix(name, environmentPrefix)
		if ours && !known[name] && !ofOthers(name, env[name]) {
			errs = append(errs, fmt.Errorf("environment: there is no setting %s%s", name, suggestion(key)))
		}
	}
	return env, errs
}

// linked matches the variables in which Kubernetes and Docker tell every container of a service that is
// called cartwright, or cartwright-something.
var linked = regexp.MustCompile(`^CARTWRIGHT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PORT|PROTO|ADDR))?)$`)

// ofOthers says whether a variable that is no setting is meant for others: for what runs containers, or
// for tests.
func ofOthers(name, value string) bool {
	return linked.MatchString(name) || strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://") ||
		name == environmentPrefix+"DATA" || strings.HasPrefix(name, environmentPrefix+"TEST_")
}

// suggestion names the setting that a mistyped key most likely means.
func suggestion(key string) string {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	best, least := "", min(3, 1+len(plain(key))/3) // with more mistakes it is another word
	for _, name := range slices.Sorted(maps.Keys(allSettings())) {
		if n := mistakes(plain(key), plain(name)); n < least {
			best, least = name, n
		}
	}
	if best == "" {
		return "; see cartwright config for all of them"
	}
	return fmt.Sprintf("; did you mean %q?", best)
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
