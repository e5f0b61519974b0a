package tagger

import (
	"fmt"
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
	"github.com/wirespan/wirespan/tracer/tag/kube"
	"github.com/wirespan/wirespan/tracer/tag/procs"
)

// encoder writes the attributes of resources.
type encoder struct {
	keys *span.Keys
}

// init makes sure that every key is registered.
func (e *encoder) init(keys *span.Keys) error {
	e.keys = keys
	for _, d := range identity.Keys(nil) {
		if _, ok := keys.Lookup(d.Name); !ok {
			return fmt.Errorf("tagger: attribute %s is not registered", d.Name)
		}
	}
	return nil
}

// identity describes what a basis says. Attributes that are not known are
// absent.
func (e *encoder) identity(b *basis, host string) *identity.Identity {
	id := &identity.Identity{Source: b.source, Service: b.name}
	w := attrs{keys: e.keys}
	namespace, hostName := "", ""
	if b.proc != nil {
		hostName = host
	}
	if b.pod != nil {
		namespace = b.pod.Namespace
	}
	if b.entry != nil {
		namespace = first(b.entry.Namespace, namespace)
		hostName = first(b.entry.Host, hostName)
	}
	switch b.source {
	case identity.Configured:
		id.Service = b.entry.Service
	case identity.Kubernetes:
		id.Service = b.pod.ServiceName()
	case identity.Process:
		id.Service = b.proc.Service()
	}
	w.str(identity.Namespace, namespace)
	w.str(identity.HostName, hostName)
	if b.proc != nil {
		w.process(b.proc)
		id.Instance = b.proc.Container
	}
	if b.pod != nil {
		w.pod(b.pod, b.proc)
		id.Instance = b.pod.UID
	}
	id.Attrs = w.list
	return id
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// attrs appends what is known.
type attrs struct {
	keys *span.Keys
	list span.Attrs
}

func (w *attrs) str(name, value string) {
	if value == "" {
		return
	}
	if k, ok := w.keys.Lookup(name); ok {
		w.list = span.AppendString(w.list, k, value)
	}
}

func (w *attrs) process(p *procs.Process) {
	if p.PID != 0 {
		if k, ok := w.keys.Lookup(identity.PID); ok {
			w.list = span.AppendInt(w.list, k, int64(p.PID))
		}
	}
	w.str(identity.ExecutableName, p.Executable())
	w.str(identity.ExecutablePath, p.Exe)
	if p.PID != 0 || p.Container == "" {
		w.str(identity.Owner, first(p.User, strconv.FormatUint(uint64(p.UID), 10)))
	}
	w.str(identity.ContainerID, p.Container)
	name := p.ContainerName
	if name == "" && p.IsSystem() {
		name = p.Container
	}
	w.str(identity.ContainerName, name)
	w.str(identity.Runtime, p.Runtime)
	w.str(identity.Unit, first(p.Unit, p.SysV))
}

// workloads are the attributes of kinds that have one.
var workloads = map[string]string{
	"Deployment": identity.K8sDeployment, "ReplicaSet": identity.K8sReplicaSet, "StatefulSet": identity.K8sStatefulSet,
	"DaemonSet": identity.K8sDaemonSet, "Job": identity.K8sJob, "CronJob": identity.K8sCronJob,
}

func (w *attrs) pod(p *kube.Pod, proc *procs.Process) {
	w.str(identity.K8sNamespace, p.Namespace)
	w.str(identity.K8sPod, p.Name)
	w.str(identity.K8sPodUID, p.UID)
	if proc != nil {
		w.str(identity.K8sContainer, p.Container(proc.Container))
	}
	w.str(identity.K8sNode, p.Node)
	w.str(workloads[p.Workload.Kind], p.Workload.Name)
	if p.Controller != p.Workload {
		w.str(workloads[p.Controller.Kind], p.Controller.Name)
	}
	for _, l := range p.Labels {
		w.str(identity.LabelPrefix+l.Key, l.Value)
	}
}
