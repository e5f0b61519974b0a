package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
)

func newMirror() *cobra.Command {
	o := &liveOptions{mirror: &mirrorFlags{}}
	cmd := &cobra.Command{
		Use:   "mirror {-i IF | --listen KIND=ADDR | --connect pcap=ADDR | --watch DIR}... [FILTER]",
		Short: "trace what mirror ports, tunnelled mirrors and taps send here",
		Long: `Captures copies of other machines' packets: from interfaces that SPAN ports and
taps are plugged into (-i, promiscuous), from mirrors that end here (--listen
vxlan, geneve, erspan, ...), from capture streams (--listen pcap=, --connect) and
from a directory that others fill (--watch). Each interface, VXLAN network, ERSPAN
session or sender is a capture point; what one point shows twice counts once.

FILTER is a pcap filter as tcpdump takes it, for the mirrored packets: of
listeners it is applied inside of their tunnels. Without one, everything but
wirespan's own exports is taken.

Nothing is sent on an interface of -i. What its kernel would answer by itself is
told at the start, with the commands that silence it.`,
		Example: `  wirespan mirror -i eth1
  wirespan mirror -i eth1+eth2=core --otlp http://collector:4318
  wirespan mirror --listen vxlan=:4789 --point web=vxlan:7 tcp port 80
  wirespan mirror --listen erspan --point lab=erspan:3@10.0.0.9`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.words = args
			return runMirror(cmd.Context(), o)
		},
	}
	o.addMirror(cmd.Flags())
	return cmd
}

// runMirror captures until ctx ends.
func runMirror(ctx context.Context, o *liveOptions) error {
	if o.list {
		return listInterfaces(os.Stdout, netnsPath(o.netns))
	}
	if err := o.settle(); err != nil {
		return usage(err)
	}
	o.voice = &voice{} // inputs speak from when they are open
	filter, err := newLiveFilter(ctx, o)
	if err != nil {
		return usage(err)
	}
	if o.dump > 0 {
		return filter.print(os.Stdout, o)
	}
	src, err := openMirror(ctx, o, filter)
	if err != nil {
		return err
	}
	defer src.close()
	return traceLive(ctx, o, src, nil, filter)
}
