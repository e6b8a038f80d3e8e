package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// instructions are the lines of a Dockerfile, continuations joined, by their words and in order.
func instructions(t *testing.T) (all [][2]string) {
	t.Helper()
	text := strings.ReplaceAll(string(must(os.ReadFile(filepath.Join(root, "Dockerfile")))), "\\\n", " ")
	for line := range strings.SplitSeq(text, "\n") {
		if word, rest, found := strings.Cut(strings.TrimSpace(line), " "); found && !strings.HasPrefix(word, "#") {
			all = append(all, [2]string{word, strings.TrimSpace(rest)})
		}
	}
	return all
}

// last is the last instruction of a word: that of the image that is shipped.
func last(all [][2]string, word string) string {
	for _, one := range slices.Backward(all) {
		if one[0] == word {
			return one[1]
		}
	}
	return ""
}

// hasCommand reports whether the program has a command, with these flags.
func hasCommand(t *testing.T, name string, args []string) {
	t.Helper()
	for _, command := range rootCommand(streams{}).Commands() {
		if command.Name() != name {
			continue
		}
		for _, arg := range args {
			flag, isFlag := strings.CutPrefix(arg, "--")
			if isFlag && command.Flags().Lookup(flag) == nil && command.InheritedFlags().Lookup(flag) == nil {
				t.Errorf("the command %s has no flag --%s", name, flag)
			}
		}
		return
	}
	t.Errorf("there is no command %s", name)
}

func TestDockerfile(t *testing.T) {
	all := instructions(t)
	for _, one := range all {
		if one[0] != "FROM" {
			continue
		}
		image, _, _ := strings.Cut(one[1], " ")
		if _, tag, pinned := strings.Cut(image, ":"); !pinned || tag == "latest" {
			t.Errorf("image %s is not pinned", image)
		}
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(must(os.ReadFile(filepath.Join(root, "go.mod")))))[1]
	if !strings.HasPrefix(all[0][1], "golang:"+version) {
		t.Errorf("it builds with %s, go.mod says %s", all[0][1], version)
	}
	var entry, check, command []string
	_, checking, _ := strings.Cut(last(all, "HEALTHCHECK"), "CMD ")
	for text, into := range map[string]*[]string{last(all, "ENTRYPOINT"): &entry, checking: &check, last(all, "CMD"): &command} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	if copied := strings.Fields(last(all, "COPY")); entry[0] != copied[len(copied)-1] || check[0] != entry[0] {
		t.Errorf("copied as %v, started as %v, checked by %v", copied, entry, check)
	}
	hasCommand(t, command[0], command[1:])
	hasCommand(t, check[1], check[2:])
	if uid, _, _ := strings.Cut(last(all, "USER"), ":"); uid == "0" || regexp.MustCompile(`\D`).MatchString(uid) {
		t.Errorf("USER %s: a number other than root's, which orchestrators can check", uid)
	}
	if got, want := last(all, "EXPOSE"), fmt.Sprint(defaultConfig().Port); got != want {
		t.Errorf("EXPOSE %s, the default port is %s", got, want)
	}
	name, value, _ := strings.Cut(last(all, "ENV"), "=")
	if name != variable("db") || !strings.HasPrefix(value, last(all, "VOLUME")+"/") {
		t.Errorf("ENV %s=%s, VOLUME %s", name, value, last(all, "VOLUME"))
	}
}

// unit is the settings of the systemd unit; those that may repeat are joined by blanks.
func unit(t *testing.T) map[string]string {
	t.Helper()
	settings := map[string]string{}
	for line := range strings.SplitSeq(string(must(os.ReadFile("cartwright.service"))), "\n") {
		if name, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			settings[name] = strings.TrimSpace(settings[name] + " " + value)
		}
	}
	return settings
}

func TestSystemdUnit(t *testing.T) {
	u := unit(t)
	start := strings.Fields(u["ExecStart"])
	if start[0] != "/usr/local/bin/cartwright" {
		t.Errorf("it starts %s", start[0])
	}
	hasCommand(t, start[1], start[2:])
	if seconds := must(strconv.Atoi(u["TimeoutStopSec"])); seconds < 25 {
		t.Errorf("%d seconds to stop: the program may take 20", seconds)
	}
	if u["WorkingDirectory"] != "/var/lib/"+u["StateDirectory"] || path.IsAbs(defaultConfig().Database) {
		t.Errorf("it works in %s and may write %s", u["WorkingDirectory"], u["StateDirectory"])
	}
	if u["User"] == "" || u["User"] == "root" {
		t.Errorf("it runs as %q", u["User"])
	}
}

// systemd itself reads the unit, and finds little that the service could do beside its work.
func TestSystemdTakesTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd is not installed here: no systemd-analyze on the PATH")
	}
	program := must(os.Executable()) // it must exist
	text := strings.ReplaceAll(string(must(os.ReadFile("cartwright.service"))), "/usr/local/bin/cartwright serve", program+" serve")
	file := filepath.Join(t.TempDir(), "cartwright.service")
	must(0, os.WriteFile(file, []byte(text), 0o600))
	if out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || strings.Contains(string(out), "cartwright.service:") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	if out, err := exec.Command(analyze, "security", "--no-pager", "--offline=yes", "--threshold=20", file).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// The check that the container makes: of a serve that is ready, and when there is none.
func TestHealth(t *testing.T) {
	p := serveBinary(t, build(t, ""), "--db", filepath.Join(t.TempDir(), "shop.db"))
	port := p.address[strings.LastIndex(p.address, ":")+1:]
	if said := printed(t, []string{"CARTWRIGHT_PORT=" + port}, "health"); !strings.Contains(said, "ready") {
		t.Errorf("a serve that is ready: %s", said)
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	told(t, nil, exitFailed, "health", "--port", port)
	for host, want := range map[string]string{"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "10.1.2.3": "10.1.2.3", "shop.example": "shop.example"} {
		if got := reachable(host); got != want {
			t.Errorf("a listener on %q is asked at %s, want %s", host, got, want)
		}
	}
}
