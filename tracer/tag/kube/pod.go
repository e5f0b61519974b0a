package kube

import (
	"net/netip"
	"slices"
	"strings"
)

// Addr is an address, IPv4 mapped into IPv6.
type Addr = [16]byte

// Pod is what is known of a pod. It never changes.
type Pod struct {
	Name, Namespace, UID, Node string
	Service                    string // annotation resource.opentelemetry.io/service.name, if it has one
	Workload                   Owner  // Deployment, StatefulSet, DaemonSet, CronJob, Job, ...; without one the pod itself
	Controller                 Owner  // who made the pod: the ReplicaSet of a Deployment, the Job of a CronJob
	Labels                     []Label
	Containers                 []Container

	addrs    []Addr // none of pods on the host's network and of those that have ended
	original string // uid in the file it came from, of static pods
}

// Owner is an object of the cluster.
type Owner struct{ Kind, Name string }

// Label is one that Config.Labels chose.
type Label struct{ Key, Value string }

// Container is a container of a pod.
type Container struct{ ID, Name string }

// ServiceName is the name of what the pod serves: the annotation, else the
// workload.
func (p *Pod) ServiceName() string {
	if p.Service != "" {
		return p.Service
	}
	return p.Workload.Name
}

// Container returns the name of a container of the pod, empty if it has none of
// that id.
func (p *Pod) Container(id string) string {
	for i := range p.Containers {
		if p.Containers[i].ID == id {
			return p.Containers[i].Name
		}
	}
	return ""
}

func (p *Pod) equal(o *Pod) bool {
	return p.Name == o.Name && p.Namespace == o.Namespace && p.UID == o.UID && p.Node == o.Node && p.Service == o.Service &&
		p.Workload == o.Workload && p.Controller == o.Controller && p.original == o.original && slices.Equal(p.Labels, o.Labels) &&
		slices.Equal(p.Containers, o.Containers) && slices.Equal(p.addrs, o.addrs)
}

// object is what is read of a v1.Pod.
type object struct {
	Metadata struct {
		Name            string            `json:"name"`
		Namespace       string            `json:"namespace"`
		UID             string            `json:"uid"`
		ResourceVersion string            `json:"resourceVersion"`
		Labels          map[string]string `json:"labels"`
		Annotations     map[string]string `json:"annotations"`
		OwnerReferences []ownerReference  `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		NodeName    string `json:"nodeName"`
		HostNetwork bool   `json:"hostNetwork"`
	} `json:"spec"`
	Status struct {
		Phase                      string            `json:"phase"`
		PodIP                      string            `json:"podIP"`
		PodIPs                     []podIP           `json:"podIPs"`
		ContainerStatuses          []containerStatus `json:"containerStatuses"`
		InitContainerStatuses      []containerStatus `json:"initContainerStatuses"`
		EphemeralContainerStatuses []containerStatus `json:"ephemeralContainerStatuses"`
	} `json:"status"`
}

type ownerReference struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Controller bool   `json:"controller"`
}

type podIP struct {
	IP string `json:"ip"`
}

type containerStatus struct {
	Name        string `json:"name"`
	ContainerID string `json:"containerID"` // containerd://ID
}

// Annotations that count.
const (
	annotationService = "resource.opentelemetry.io/service.name"
	annotationConfig  = "kubernetes.io/config.hash" // uid by which the kubelet runs a static pod
)

// pod keeps what is wanted.
func (o *object) pod(labels []string) *Pod {
	m := &o.Metadata
	p := &Pod{
		Name: m.Name, Namespace: m.Namespace, UID: m.UID, Node: o.Spec.NodeName,
		Service: m.Annotations[annotationService], original: m.Annotations[annotationConfig],
	}
	p.Controller, p.Workload = o.owners()
	for _, k := range labels {
		if v, ok := m.Labels[k]; ok {
			p.Labels = append(p.Labels, Label{k, v})
		}
	}
	s := &o.Status
	for _, list := range [...][]containerStatus{s.ContainerStatuses, s.InitContainerStatuses, s.EphemeralContainerStatuses} {
		for _, c := range list {
			if _, id, ok := strings.Cut(c.ContainerID, "://"); ok && id != "" {
				p.Containers = append(p.Containers, Container{id, c.Name})
			}
		}
	}
	// A pod that has ended gave its address back.
	if o.Spec.HostNetwork || s.Phase == "Succeeded" || s.Phase == "Failed" {
		return p
	}
	for _, ip := range append(s.PodIPs, podIP{s.PodIP}) {
		if a, err := netip.ParseAddr(ip.IP); err == nil && !slices.Contains(p.addrs, a.As16()) {
			p.addrs = append(p.addrs, a.As16())
		}
	}
	return p
}

// owners tells who made the pod, and the workload that people know: a
// ReplicaSet is one version of a Deployment and a Job one run of a CronJob,
// with a suffix to the name.
func (o *object) owners() (controller, workload Owner) {
	for _, r := range o.Metadata.OwnerReferences {
		if r.Controller || len(o.Metadata.OwnerReferences) == 1 {
			controller = Owner{r.Kind, r.Name}
		}
	}
	switch controller.Kind {
	case "", "Node": // static pods belong to their node, which ends their name
		name := o.Metadata.Name
		if controller.Kind == "Node" {
			name = strings.TrimSuffix(name, "-"+controller.Name)
		}
		return Owner{}, Owner{"Pod", name}
	case "ReplicaSet":
		for _, l := range [...]string{"pod-template-hash", "rollouts-pod-template-hash"} {
			h := o.Metadata.Labels[l]
			if n, ok := strings.CutSuffix(controller.Name, "-"+h); ok && h != "" && n != "" {
				kind := "Deployment"
				if l != "pod-template-hash" {
					kind = "Rollout"
				}
				return controller, Owner{kind, n}
			}
		}
	case "Job":
		if n, ok := cronJob(controller.Name); ok {
			return controller, Owner{"CronJob", n}
		}
	}
	return controller, controller
}

// cronJob strips what the CronJob controller appends: the scheduled time in
// minutes since 1970 (8 digits until 2160), formerly in seconds (10).
func cronJob(job string) (string, bool) {
	i := strings.LastIndexByte(job, '-')
	if i <= 0 {
		return "", false
	}
	digits := job[i+1:]
	if len(digits) != 8 && len(digits) != 10 || digits[0] != '2' && digits[0] != '3' && digits[0] != '1' {
		return "", false
	}
	return job[:i], strings.Trim(digits, "0123456789") == ""
}
