package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/record"
)

// recordOptions are the flags that keep packets beside a live trace.
type recordOptions struct {
	write     string
	fileSize  string
	fileCount int
	rotate    string
	immediate bool
	buffer    string
	recent    string
	payload   bool

	settings string // of capture points, for who reads the files
}

func (o *recordOptions) add(f *pflag.FlagSet) {
	f.StringVarP(&o.write, "write", "w", "", "keep packets in pcapng `FILE` (- is stdout); with --rotate a format of strftime(3)")
	f.StringVarP(&o.fileSize, "file-size", "C", "", "go on in the next file behind `SIZE`, in millions of bytes or with a unit")
	f.IntVarP(&o.fileCount, "file-count", "W", 0, "with --file-size overwrite from the first of `COUNT` files on; with --rotate alone end after so many")
	f.StringVarP(&o.rotate, "rotate", "G", "", "go on in the next file every `SECONDS` (or a duration, as 1h)")
	f.BoolVarP(&o.immediate, "packet-buffered", "U", false, "write packets as they come instead of full buffers")
	f.StringVar(&o.buffer, "write-buffer", "4MiB", "`SIZE` of what may wait for the disk")
	f.StringVar(&o.recent, "record", "", "keep the latest packets in `SIZE` of memory, to cut traces out of; headers only")
	f.BoolVar(&o.payload, "record-payload", false, "let --record keep whole packets")
}

// recording is what a live run keeps of its packets.
type recording struct {
	files  *record.Files
	recent *record.Recent
}

// open starts what the flags ask for; agent names this instance, drops is
// asked for what the source lost, start is now. Errors are those of flags, or
// of the first file.
func (o *recordOptions) open(agent string, start time.Time, drops func() (capture.Stats, error)) (*recording, error) {
	files, err := o.filesConfig()
	if err != nil {
		return nil, usage(err)
	}
	recent, err := o.recentConfig(agent)
	if err != nil {
		return nil, usage(err)
	}
	r := &recording{}
	if recent.Size > 0 {
		if r.recent, err = record.NewRecent(recent); err != nil {
			return nil, usage(err)
		}
	}
	if o.write == "" {
		return r, nil
	}
	files.Agent, files.Start, files.Drops, files.Settings = agent, start, drops, o.settings
	files.Report = func(err error) {
		if err == nil {
			fmt.Fprintln(os.Stderr, "wirespan: record packets: the file takes packets again")
			return
		}
		fmt.Fprintf(os.Stderr, "wirespan: %v; packets are traced, but not kept until it works again\n", err)
	}
	if r.files, err = record.OpenFiles(files); err != nil {
		return nil, err
	}
	return r, nil
}

// check finds faults of the flags without opening anything.
func (o *recordOptions) check() error {
	_, err1 := o.filesConfig()
	_, err2 := o.recentConfig("")
	return errors.Join(err1, err2)
}

// filesConfig reads the flags of -w.
func (o *recordOptions) filesConfig() (record.FilesConfig, error) {
	c := record.DefaultFiles(o.write)
	if o.write == "" {
		if o.fileSize != "" || o.fileCount != 0 || o.rotate != "" || o.immediate {
			return c, errors.New("-C, -W, -G and -U are about the file of -w, which is not given")
		}
		return c, nil
	}
	if o.write == "-" {
		c.Path, c.Output = "", os.Stdout
	}
	var err1, err2, err3 error
	c.Count, c.Immediate = o.fileCount, o.immediate
	c.Size, err1 = parseFileSize(o.fileSize)
	c.Period, err2 = parsePeriod(o.rotate)
	c.Buffer, err3 = sizeOf("--write-buffer", o.buffer)
	if err := errors.Join(err1, err2, err3); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// recentConfig reads --record.
func (o *recordOptions) recentConfig(agent string) (record.RecentConfig, error) {
	c := record.RecentConfig{Payload: o.payload, Agent: agent}
	if o.recent == "" {
		if o.payload {
			return c, errors.New("--record-payload is about the packets of --record, which is not given")
		}
		return c, nil
	}
	size, err := parseSize(o.recent)
	if err != nil {
		return c, fmt.Errorf("--record: %w", err)
	}
	c.Size = size
	if size == 0 {
		return c, nil
	}
	return c, c.Validate()
}

// parseFileSize reads -C: millions of bytes, or a number with a unit.
func parseFileSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		if n == 0 || n > 1<<40 {
			return 0, fmt.Errorf("-C %s: want millions of bytes, 1 or more", s)
		}
		return int64(n) * 1_000_000, nil
	}
	n, err := parseSize(s)
	if err != nil {
		return 0, fmt.Errorf("-C %s: want millions of bytes, or a number with a unit, as 64MiB", s)
	}
	if n <= 0 {
		return 0, fmt.Errorf("-C %s: want more than no bytes", s)
	}
	return int64(n), nil
}

// parsePeriod reads -G: seconds, or a duration.
func parsePeriod(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if n, e := strconv.ParseUint(s, 10, 31); e == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err != nil || d < time.Second || d%time.Second != 0 {
		return 0, fmt.Errorf("-G %s: want whole seconds, 1 or more", s)
	}
	return d, nil
}

// tee puts the recording in front of a source.
func (r *recording) tee(src capture.Source) capture.Source {
	var sinks []record.Sink
	if r.files != nil {
		sinks = append(sinks, r.files)
	}
	if r.recent != nil {
		sinks = append(sinks, r.recent)
	}
	if len(sinks) == 0 {
		return src
	}
	return record.Tee(src, sinks...)
}

// feedCuts lets the cuts of a live run take their packets from memory.
func (r *recording) feedCuts(cuts []*cut) error {
	if len(cuts) > 0 && r.recent == nil {
		return usage(errors.New("--out pcapng: of a live capture there is nothing to cut packets from later; --record SIZE keeps some, -w FILE keeps all"))
	}
	for _, c := range cuts {
		c.oldest = func() int64 { return r.recent.Stats().First }
		c.limit = forgetAt
	}
	return nil
}

// cut writes the cuts of a live run at its end, of the packets that memory
// still holds.
func (r *recording) cut(ctx context.Context, cuts []*cut) error {
	for _, c := range cuts {
		if err := r.cutTo(ctx, c); err != nil {
			return fmt.Errorf("cut packets into %s: %w", c.path, err)
		}
	}
	return nil
}

func (r *recording) cutTo(ctx context.Context, c *cut) error {
	out := os.Stdout
	if c.path != "-" {
		var err error
		if out, err = os.OpenFile(c.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
			return err
		}
	}
	_, err := r.recent.Cut(ctx, c.sel, out)
	if out != os.Stdout {
		err = errors.Join(err, out.Close())
	}
	return err
}

// places are where files are opened later: of a path that strftime completes,
// the folder that is there already.
func (o *recordOptions) places() []string {
	if o.write == "" || o.write == "-" {
		return nil
	}
	if before, _, varies := strings.Cut(filepath.Dir(o.write), "%"); varies && o.rotate != "" {
		return []string{filepath.Dir(before + "x")}
	}
	return []string{o.write}
}

// close ends the recording, after the pipeline.
func (r *recording) close(ctx context.Context) error {
	if r.files == nil {
		return nil
	}
	return r.files.Close(ctx)
}

// print writes what was kept and lost for people.
func (r *recording) print(w io.Writer) {
	if r.files != nil {
		st := r.files.Stats()
		var l list
		l.add(st.Packets, "packets")
		l.add(st.Bytes, "bytes")
		l.add(st.Files, pick(st.Files == 1, "file opened", "files opened"))
		l.add(st.LostBuffer, "packets lost to a slow disk")
		l.add(st.LostWrite, "packets lost to failed writes")
		l.print(w, "recorded")
	}
	if r.recent != nil {
		st := r.recent.Stats()
		var l list
		l.add(st.Packets, "packets")
		l.add(st.Overwritten, "overwritten")
		l.add(st.Lost, "lost while others were cut")
		l.print(w, "kept")
	}
}

// lost counts packets that a recording should hold and does not.
func (r *recording) lost() uint64 {
	if r.files == nil {
		return 0
	}
	return r.files.Stats().Lost()
}

// recordedAgent takes the agent that recorded the inputs, unless the user named
// one; span ids are those of the live run in any case (capture.Point.Agent).
func recordedAgent(o *readOptions, src *pcapfile.Source) {
	agents := src.Agents()
	switch {
	case o.agentGiven || len(agents) == 0:
	case len(agents) == 1:
		o.agent = agents[0]
	default:
		o.severalAgents = true // each span has its own
	}
}
