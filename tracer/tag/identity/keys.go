package identity

import "github.com/wirespan/wirespan/tracer/span"

// Names of the attributes of resources, as OpenTelemetry's semantic
// conventions 1.44 have them; systemd's unit is in none of them.
const (
	Namespace      = "service.namespace"
	HostName       = "host.name"
	PID            = "process.pid"
	ExecutableName = "process.executable.name"
	ExecutablePath = "process.executable.path"
	Owner          = "process.owner"
	ContainerID    = "container.id"
	ContainerName  = "container.name"
	Runtime        = "container.runtime.name"
	Unit           = "wirespan.unit"
	Agent          = "wirespan.agent"
	K8sNamespace   = "k8s.namespace.name"
	K8sPod         = "k8s.pod.name"
	K8sPodUID      = "k8s.pod.uid"
	K8sContainer   = "k8s.container.name"
	K8sNode        = "k8s.node.name"
	K8sDeployment  = "k8s.deployment.name"
	K8sReplicaSet  = "k8s.replicaset.name"
	K8sStatefulSet = "k8s.statefulset.name"
	K8sDaemonSet   = "k8s.daemonset.name"
	K8sJob         = "k8s.job.name"
	K8sCronJob     = "k8s.cronjob.name"
	LabelPrefix    = "k8s.pod.label."
)

// Keys documents the attributes of resources, for span.NewKeys; labels are those
// of pods that were chosen.
func Keys(labels []string) []span.KeyDoc {
	docs := []span.KeyDoc{
		{Name: Namespace, Type: "String", Doc: "resource: namespace of the service, as configured or of Kubernetes"},
		{Name: HostName, Type: "String", Doc: "resource: host that the process runs on"},
		{Name: PID, Type: "Int", Doc: "resource: process at the socket"},
		{Name: ExecutableName, Type: "String", Doc: "resource: base name of the executable"},
		{Name: ExecutablePath, Type: "String", Doc: "resource: path of the executable"},
		{Name: Owner, Type: "String", Doc: "resource: user of the process; a number in a container or without a name"},
		{Name: ContainerID, Type: "String", Doc: "resource: id of the container; name for lxc and systemd-nspawn"},
		{Name: ContainerName, Type: "String", Doc: "resource: name of the container"},
		{Name: Runtime, Type: "String", Doc: "resource: docker, containerd, cri-o, podman, lxc, systemd-nspawn, ..."},
		{Name: Unit, Type: "String", Doc: "resource: systemd unit, or SysV service, of the process"},
		{Name: Agent, Type: "String", Doc: "resource: instance that captured"},
		{Name: K8sNamespace, Type: "String", Doc: "resource: namespace of the pod"},
		{Name: K8sPod, Type: "String", Doc: "resource: name of the pod"},
		{Name: K8sPodUID, Type: "String", Doc: "resource: uid of the pod"},
		{Name: K8sContainer, Type: "String", Doc: "resource: container within the pod"},
		{Name: K8sNode, Type: "String", Doc: "resource: node of the pod"},
	}
	for _, k := range [...][2]string{
		{K8sDeployment, "Deployment"},
		{K8sReplicaSet, "ReplicaSet"},
		{K8sStatefulSet, "StatefulSet"},
		{K8sDaemonSet, "DaemonSet"},
		{K8sJob, "Job"},
		{K8sCronJob, "CronJob"},
	} {
		docs = append(docs, span.KeyDoc{Name: k[0], Type: "String", Doc: "resource: " + k[1] + " of the pod"})
	}
	for _, l := range labels {
		docs = append(docs, span.KeyDoc{Name: LabelPrefix + l, Type: "String", Doc: "resource: label of the pod"})
	}
	return docs
}
