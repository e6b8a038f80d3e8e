package webhook

import (
	"strings"
	"testing"
)

// Ports at which nobody can listen are refused when they are configured.
func TestPorts(t *testing.T) {
	for port, fine := range map[string]bool{"": true, ":": true, ":1": true, ":443": true, ":65535": true, ":0": false, ":65536": false, ":99999999999999999999": false} {
		for _, host := range []string{"hooks.example", "93.184.216.34", "[2606:4700::1111]"} {
			err := (Options{}).Check("https://" + host + port + "/hook")
			if (err == nil) != fine || err != nil && !strings.Contains(err.Error(), "between 1 and 65535") {
				t.Errorf("%s%s: %v", host, port, err)
			}
		}
	}
}
