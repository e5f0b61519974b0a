package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// byNumber replaces the numbers in -i arguments by the names that -D lists
// under them, as tcpdump does. An interface whose name is that number goes
// before. Arguments without numbers ask for no list.
func byNumber(args []string, list func() ([]afpacket.Interface, error)) ([]string, error) {
	var known []afpacket.Interface
	var errs []error
	out := slices.Clone(args)
	for i, arg := range out {
		ifs, point, named := strings.Cut(arg, "=")
		names := strings.Split(ifs, "+")
		for j, name := range names {
			n, err := strconv.Atoi(name)
			if err != nil || name[0] == '+' || name[0] == '-' {
				continue
			}
			if known == nil {
				if known, err = list(); err != nil {
					return nil, fmt.Errorf("-i %s: list interfaces: %w", arg, err)
				}
			}
			switch {
			case slices.ContainsFunc(known, func(k afpacket.Interface) bool { return k.Name == name }):
			case n == len(known)+1:
				names[j] = afpacket.Any
			case n >= 1 && n <= len(known):
				names[j] = known[n-1].Name
			default:
				errs = append(errs, fmt.Errorf("-i %s: there are %d interfaces; wirespan live -D lists them", arg, len(known)+1))
			}
		}
		if out[i] = strings.Join(names, "+"); named {
			out[i] += "=" + point
		}
	}
	return out, errors.Join(errs...)
}
