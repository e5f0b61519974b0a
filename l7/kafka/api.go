package kafka

// api is one of the APIs (protocol guide, "Api Keys").
type api struct {
	name  []byte
	max   int16   // latest version that is known
	flex  int16   // first flexible version (KIP-482); noFlex if there is none
	req   []field // nil: the body is not walked
	reply []field
}

const noFlex = lastVersion

// API keys that are more than names.
const (
	keyProduce            = 0
	keyFetch              = 1
	keyMetadata           = 3
	keyControlledShutdown = 7
	keyOffsetCommit       = 8
	keySaslHandshake      = 17
	keyApiVersions        = 18
	keyTxnOffsetCommit    = 28
	keyShareFetch         = 78
	keyShareAcknowledge   = 79
)

// apiOf finds an API by its key, nil if there is none.
func apiOf(key int16) *api {
	if key < 0 || int(key) >= len(apis) {
		return nil
	}
	return &apis[key]
}

// knows reports whether the schemas of the API hold for a version.
func (a *api) knows(version int16) bool { return a.req != nil && version <= a.max }

// named is an API of which no more than the head is read.
func named(name string, highest, flex int16) api {
	return api{name: []byte(name), max: highest, flex: flex}
}

// walked is an API with schemas of its messages.
func walked(name string, highest, flex int16, request, response string) api {
	return api{name: []byte(name), max: highest, flex: flex, req: schema(request), reply: schema(response)}
}

// apis has all APIs by key.
var apis = [...]api{
	0:  walked("Produce", 13, 9, produceRequest, produceResponse),
	1:  walked("Fetch", 18, 12, fetchRequest, fetchResponse),
	2:  walked("ListOffsets", 11, 6, listOffsetsRequest, listOffsetsResponse),
	3:  walked("Metadata", 13, 9, metadataRequest, metadataResponse),
	4:  named("LeaderAndIsr", 7, 4),
	5:  named("StopReplica", 4, 2),
	6:  named("UpdateMetadata", 8, 6),
	7:  named("ControlledShutdown", 3, 3),
	8:  walked("OffsetCommit", 10, 8, offsetCommitRequest, offsetCommitResponse),
	9:  walked("OffsetFetch", 10, 6, offsetFetchRequest, offsetFetchResponse),
	10: walked("FindCoordinator", 6, 3, findCoordinatorRequest, findCoordinatorResponse),
	11: walked("JoinGroup", 9, 6, joinGroupRequest, joinGroupResponse),
	12: walked("Heartbeat", 4, 4, heartbeatRequest, heartbeatResponse),
	13: walked("LeaveGroup", 5, 4, leaveGroupRequest, leaveGroupResponse),
	14: walked("SyncGroup", 5, 4, syncGroupRequest, syncGroupResponse),
	15: walked("DescribeGroups", 6, 5, describeGroupsRequest, describeGroupsResponse),
	16: walked("ListGroups", 5, 3, listGroupsRequest, listGroupsResponse),
	17: walked("SaslHandshake", 1, noFlex, saslHandshakeRequest, saslHandshakeResponse),
	18: walked("ApiVersions", 5, 3, apiVersionsRequest, apiVersionsResponse),
	19: walked("CreateTopics", 7, 5, createTopicsRequest, createTopicsResponse),
	20: walked("DeleteTopics", 6, 4, deleteTopicsRequest, deleteTopicsResponse),
	21: walked("DeleteRecords", 2, 2, deleteRecordsRequest, deleteRecordsResponse),
	22: walked("InitProducerId", 5, 2, initProducerIDRequest, initProducerIDResponse),
	23: walked("OffsetForLeaderEpoch", 4, 4, leaderEpochRequest, leaderEpochResponse),
	24: walked("AddPartitionsToTxn", 5, 3, addPartitionsRequest, addPartitionsResponse),
	25: walked("AddOffsetsToTxn", 4, 3, addOffsetsRequest, addOffsetsResponse),
	26: walked("EndTxn", 5, 3, endTxnRequest, endTxnResponse),
	27: walked("WriteTxnMarkers", 2, 1, writeMarkersRequest, writeMarkersResponse),
	28: walked("TxnOffsetCommit", 6, 3, txnCommitRequest, txnCommitResponse),
	29: named("DescribeAcls", 3, 2),
	30: named("CreateAcls", 3, 2),
	31: named("DeleteAcls", 3, 2),
	32: walked("DescribeConfigs", 4, 4, describeConfigsRequest, describeConfigsResponse),
	33: named("AlterConfigs", 2, 2),
	34: named("AlterReplicaLogDirs", 2, 2),
	35: named("DescribeLogDirs", 5, 2),
	36: walked("SaslAuthenticate", 2, 2, saslAuthenticateRequest, saslAuthenticateResponse),
	37: walked("CreatePartitions", 3, 2, createPartitionsRequest, createPartitionsResponse),
	38: named("CreateDelegationToken", 3, 2),
	39: named("RenewDelegationToken", 2, 2),
	40: named("ExpireDelegationToken", 2, 2),
	41: named("DescribeDelegationToken", 3, 2),
	42: walked("DeleteGroups", 3, 2, deleteGroupsRequest, deleteGroupsResponse),
	43: named("ElectLeaders", 2, 2),
	44: named("IncrementalAlterConfigs", 1, 1),
	45: named("AlterPartitionReassignments", 1, 0),
	46: named("ListPartitionReassignments", 0, 0),
	47: walked("OffsetDelete", 0, noFlex, offsetDeleteRequest, offsetDeleteResponse),
	48: named("DescribeClientQuotas", 1, 1),
	49: named("AlterClientQuotas", 1, 1),
	50: named("DescribeUserScramCredentials", 0, 0),
	51: named("AlterUserScramCredentials", 0, 0),
	52: named("Vote", 2, 0),
	53: named("BeginQuorumEpoch", 1, 1),
	54: named("EndQuorumEpoch", 1, 1),
	55: named("DescribeQuorum", 2, 0),
	56: named("AlterPartition", 3, 0),
	57: named("UpdateFeatures", 2, 0),
	58: named("Envelope", 0, 0),
	59: named("FetchSnapshot", 1, 0),
	60: walked("DescribeCluster", 2, 0, describeClusterRequest, describeClusterResponse),
	61: walked("DescribeProducers", 0, 0, describeProducersRequest, describeProducersResponse),
	62: named("BrokerRegistration", 4, 0),
	63: named("BrokerHeartbeat", 2, 0),
	64: named("UnregisterBroker", 0, 0),
	65: walked("DescribeTransactions", 0, 0, describeTransactionsRequest, describeTransactionsResponse),
	66: named("ListTransactions", 2, 0),
	67: named("AllocateProducerIds", 0, 0),
	68: walked("ConsumerGroupHeartbeat", 1, 0, groupHeartbeatRequest, groupHeartbeatResponse),
	69: named("ConsumerGroupDescribe", 1, 0),
	70: named("ControllerRegistration", 0, 0),
	71: named("GetTelemetrySubscriptions", 0, 0),
	72: named("PushTelemetry", 0, 0),
	73: named("AssignReplicasToDirs", 0, 0),
	74: named("ListConfigResources", 1, 0),
	75: walked("DescribeTopicPartitions", 0, 0, topicPartitionsRequest, topicPartitionsResponse),
	76: named("ShareGroupHeartbeat", 1, 0),
	77: named("ShareGroupDescribe", 1, 0),
	78: walked("ShareFetch", 2, 0, shareFetchRequest, shareFetchResponse),
	79: walked("ShareAcknowledge", 2, 0, shareAcknowledgeRequest, shareAcknowledgeResponse),
	80: named("AddRaftVoter", 1, 0),
	81: named("RemoveRaftVoter", 0, 0),
	82: named("UpdateRaftVoter", 0, 0),
	83: named("InitializeShareGroupState", 0, 0),
	84: named("ReadShareGroupState", 0, 0),
	85: named("WriteShareGroupState", 1, 0),
	86: named("DeleteShareGroupState", 0, 0),
	87: named("ReadShareGroupStateSummary", 1, 0),
	88: named("StreamsGroupHeartbeat", 1, 0),
	89: named("StreamsGroupDescribe", 1, 0),
	90: named("DescribeShareGroupOffsets", 1, 0),
	91: named("AlterShareGroupOffsets", 0, 0),
	92: named("DeleteShareGroupOffsets", 0, 0),
	93: named("StreamsGroupTopologyDescriptionUpdate", 0, 0),
	94: named("UnregisterController", 0, 0),
}
