package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
)

func newLive() *cobra.Command {
	o := &liveOptions{}
	cmd := &cobra.Command{
		Use:   "live [-i IF]... [FILTER]",
		Short: "capture on this host and print traces as they end",
		Long: `Captures on all useful interfaces, or on those that -i names, finds out which
protocols are spoken, and prints each trace when it has ended.

FILTER is a pcap filter as tcpdump takes it. Without one, ssh is left out. What
wirespan itself sends is always left out. SIGINT and SIGTERM end the capture;
everything that is open is finished and written, and a summary says what was
captured and what was lost. A second SIGINT ends at once.

Needs CAP_NET_RAW and nothing else.`,
		Example: `  wirespan live
  wirespan live -i eth0 port 80 or port 53
  wirespan live -i eth0 --otlp http://collector:4318`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.words = args
			return runLive(cmd.Context(), o)
		},
	}
	o.addLive(cmd.Flags())
	return cmd
}

// runLive captures until ctx ends.
func runLive(ctx context.Context, o *liveOptions) error {
	if o.list {
		return listInterfaces(os.Stdout, netnsPath(o.netns))
	}
	if err := o.settle(); err != nil {
		return usage(err)
	}
	filter, err := newLiveFilter(ctx, o)
	if err != nil {
		return usage(err)
	}
	if o.dump > 0 {
		return filter.print(os.Stdout, o)
	}
	src, err := openLive(ctx, o, filter.compile)
	if err != nil {
		return err
	}
	defer src.close()
	system, note, err := openSys(ctx, &o.sys, o.agent, o.processes)
	if err != nil {
		return err
	}
	if note != "" {
		src.notes = append(src.notes, note)
	}
	return traceLive(ctx, o, src, system, filter)
}
