// Package complete completes the traces of an APM: given spans of SDKs that are not
// stored here, it answers with the tree that they make with what packets and system
// calls tell of the same requests.
//
// The paths below /v1/stats/querier are those of DeepFlow, with its requests and
// answers field by field, so that what asks DeepFlow can ask wirespan. What DeepFlow
// numbers in ways of its own, like agents, flows and system calls, are numbers of ours
// there that are the same for the same thing; settings of its algorithm are taken and
// not needed. The cleaner form is /api/v1/complete, whose answer is that of
// /api/v1/traces/{id}.
//
// Ids may have any form, as those of SkyWalking do; answers call a span what the request
// called it.
package complete
