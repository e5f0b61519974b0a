package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/kube"
	"github.com/wirespan/wirespan/tracer/tag/names"
	"github.com/wirespan/wirespan/tracer/tag/procs"
	"github.com/wirespan/wirespan/tracer/tag/tagger"
)

// off switches a source of names off, in place of its file or address.
const off = "off"

// serviceAccount is where a pod finds the token for the API server.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// hostsEvery is how often the hosts file is looked at.
const hostsEvery = 5 * time.Second

// identityFlags say from where live learns who is at the ends of connections.
type identityFlags struct {
	procRoot string
	hosts    string
	kube     string
	token    string
	ca       string
	node     string
	labels   []string
	insecure bool
}

func (o *identityFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.procRoot, "proc-root", "/proc", "`DIR` where the procfs of the host is mounted; off: do not look for processes")
	f.StringVar(&o.hosts, "hosts-file", "/etc/hosts", "`FILE` that names addresses, as hosts(5); off: none")
	f.StringVar(&o.kube, "kubernetes", "auto", "`FROM` where pods are known: auto (the API server, in a pod), off, the URL of an API server, or kubelet=URL of a node's kubelet")
	f.StringVar(&o.token, "kubernetes-token", "", "`FILE` with the bearer token (default: of the service account)")
	f.StringVar(&o.ca, "kubernetes-ca", "", "`FILE` with the certificate authority (default: of the service account)")
	f.BoolVar(&o.insecure, "kubernetes-insecure", false, "do not verify the certificate, for kubelets that signed their own")
	f.StringVar(&o.node, "kubernetes-node", "", "only pods of the node `NAME`")
	f.StringArrayVar(&o.labels, "kubernetes-label", nil, "label of pods, `KEY`, that spans carry; repeatable")
}

// identities are the sources behind a Tagger. Those that are off are nil.
type identities struct {
	tagger *tagger.Tagger
	procs  *procs.Table
	kube   *kube.Source
	hosts  *names.Hosts
	wg     sync.WaitGroup
}

// machine says what of this machine a run may ask.
type machine struct {
	host  string                    // host.name of its processes
	netns func(point uint16) uint32 // nil: every capture point lies in our own namespace
}

// openIdentities makes a Tagger. For captures that are read, m is nil and o is
// not looked at: nothing of this machine has a part in their names.
func openIdentities(o *identityFlags, keys *span.Keys, fixed *names.Map, m *machine) (*identities, error) {
	c := tagger.Default()
	c.Keys, c.Names = keys, fixed
	i := &identities{}
	if m != nil {
		if err := i.open(o, m, &c); err != nil {
			return nil, err
		}
	}
	var err error
	if i.tagger, err = tagger.New(c); err != nil {
		return nil, errors.Join(err, i.close())
	}
	return i, nil
}

// open opens the sources of this machine. It needs the rights that are given up
// later, and sends nothing.
func (i *identities) open(o *identityFlags, m *machine, c *tagger.Config) error {
	c.HostName, c.Netns = m.host, m.netns
	k, err := o.cluster(os.Getenv)
	if err != nil {
		return err
	}
	if k != nil {
		if i.kube, err = kube.New(*k); err != nil {
			return err
		}
		c.Pods, c.AskPods = i.kube.Pods(), i.kube.Ask
	}
	if o.hosts != off {
		i.hosts = names.NewHosts(o.hosts)
		c.Hosts = i.hosts
	}
	if o.procRoot != off {
		p := procs.Default()
		p.Root = o.procRoot
		if i.procs, err = procs.New(p); err != nil {
			return fmt.Errorf("--proc-root: %w", err)
		}
		// With the rights of the start: what is seen now stays known when the
		// sandbox hides other processes.
		i.procs.Refresh(true)
		c.Processes = i.procs
	}
	return nil
}

// cluster reads the flags about Kubernetes; nil: there is none to ask. In a pod
// whose account has no token mounted, auto is off.
func (o *identityFlags) cluster(env func(string) string) (*kube.Config, error) {
	c := kube.Default()
	switch url, isKubelet := strings.CutPrefix(o.kube, "kubelet="); {
	case o.kube == off:
		return nil, nil
	case o.kube == "auto":
		in, err := kube.InCluster(env("KUBERNETES_SERVICE_HOST"), env("KUBERNETES_SERVICE_PORT"), serviceAccount)
		if err != nil {
			return nil, nil //nolint:nilerr // auto: not in a cluster, or not to be asked
		}
		c = in
	case strings.Contains(url, "://"):
		c.URL, c.Kubelet = url, isKubelet
		if _, err := os.Stat(serviceAccount + "/token"); err == nil {
			c.Token = kube.TokenFile(serviceAccount + "/token")
		}
		if ca, err := os.ReadFile(serviceAccount + "/ca.crt"); err == nil {
			c.CA = ca
		}
	default:
		return nil, fmt.Errorf("--kubernetes %q: want auto, off, a URL, or kubelet=URL", o.kube)
	}
	c.Node, c.Labels, c.Insecure = o.node, o.labels, o.insecure
	if o.token != "" {
		c.Token = kube.TokenFile(o.token)
	}
	if o.ca != "" {
		b, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, fmt.Errorf("--kubernetes-ca: %w", err)
		}
		c.CA = b
	}
	return &c, c.Validate()
}

// start keeps the sources up to date until ctx is done; then close waits for
// them.
func (i *identities) start(ctx context.Context, warn func(error)) {
	if i.procs != nil {
		i.wg.Go(func() { i.procs.Run(ctx) })
	}
	if i.kube != nil {
		i.wg.Go(func() { i.kube.Run(ctx) })
	}
	if i.hosts != nil {
		i.wg.Go(func() { i.hosts.Run(ctx, hostsEvery, warn) })
	}
}

// close releases what open opened, after the context of start is done.
func (i *identities) close() error {
	i.wg.Wait()
	if i.procs != nil {
		return i.procs.Close()
	}
	return nil
}

// files are those that are read while a run goes on, for the sandbox.
func (o *identityFlags) files() []string {
	var list []string
	if o.procRoot != off {
		p := procs.Default()
		list = append(append(list, o.procRoot, p.Passwd, p.Docker), p.RunDirs...)
	}
	if o.hosts != off {
		list = append(list, o.hosts)
	}
	if o.kube != off {
		list = append(list, serviceAccount)
		if o.token != "" {
			list = append(list, o.token)
		}
	}
	return list
}

// lost says in sentences which names are missing, and why.
func (i *identities) lost() []string {
	var list []string
	if i.procs != nil {
		r := i.procs.Report()
		for _, s := range r.Lost() {
			list = append(list, "processes: "+s)
		}
		if r.Unreadable > 0 {
			list = append(list, "processes: --processes keeps these capabilities after the start; what listened before is known all the same")
		}
	}
	if i.kube != nil {
		if r := i.kube.Report(); r.Error != "" {
			list = append(list, "kubernetes: "+r.Error)
		} else if r.PodsRefused > 0 {
			list = append(list, fmt.Sprintf("kubernetes: %d pods were beyond the bound of the table", r.PodsRefused))
		}
	}
	if s := i.tagger.Stats(); s.NamesRefused > 0 {
		list = append(list, fmt.Sprintf("names: %d of DNS answers and files were beyond the bound of the table", s.NamesRefused))
	}
	return list
}
