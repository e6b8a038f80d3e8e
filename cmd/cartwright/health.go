package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthTime is how long the answer about health may take.
const healthTime = 3 * time.Second

func healthCommand(s streams) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the serve on this machine whether it is ready",
		Long: `Asks /readyz of the “serve” that runs on this machine with the same host and port, for
containers and supervisors that have no other way. The exit code is 0 if it is ready
for requests and 1 if it is not, or is not there.`,
		Example: "  cartwright health --port 8080",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := configure(cmd, s); err != nil {
				return err
			}
			said, err := askReady(cmd.Context(), c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(s.out, said)
			return err
		},
	}
	c.serveFlags(cmd.Flags())
	return cmd
}

// askReady returns what /readyz says of a serve that is ready, else why it is not.
func askReady(ctx context.Context, c Config) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	url := "http://" + net.JoinHostPort(reachable(c.Host), strconv.Itoa(c.Port)) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", url, err)
	}
	client := http.Client{Transport: new(http.Transport)} // through no proxy
	answer, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("nobody answers: %w", err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", url, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("not ready: %s: %s", answer.Status, said)
	}
	return strings.TrimSpace(string(said)), nil
}

// reachable is an address at which a listener on host can be reached from this machine.
func reachable(host string) string {
	if host == "" {
		return "127.0.0.1"
	}
	address, err := netip.ParseAddr(host)
	if err != nil || !address.IsUnspecified() {
		return host
	}
	if address.Is4() {
		return "127.0.0.1"
	}
	return "::1"
}
