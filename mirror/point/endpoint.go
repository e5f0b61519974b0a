package point

import (
	"fmt"
	"strconv"
	"strings"
)

// gwlbeWord begins terms about endpoints of Gateway Load Balancers.
const gwlbeWord = "gwlbe"

// The id of an endpoint is vpce- and 17 hexadecimal digits. The first one is 0,
// since packets have 64 bits of it.
const (
	endpointPrefix = "vpce-0"
	endpointDigits = 16
)

// endpoint writes what packets say of an endpoint.
func endpoint(id uint64) string { return fmt.Sprintf("%0*x", endpointDigits, id) }

// parseEndpoint reads an id as consoles write it, or its last 16 digits.
func parseEndpoint(s string) (uint64, error) {
	digits := strings.TrimPrefix(s, endpointPrefix)
	id, err := strconv.ParseUint(digits, 16, 64)
	if err != nil || len(digits) != endpointDigits || id == 0 {
		return 0, fmt.Errorf("%s %q: want the id of an endpoint, as vpce-02b8ee1d4db0c51c4, or its last %d digits", gwlbeWord, s, endpointDigits)
	}
	return id, nil
}
