package tds

// Tokens of the server (2.2.7).
const (
	tokReturnStatus  = 0x79
	tokOffset        = 0x78
	tokColMetadata   = 0x81
	tokTabName       = 0xa4
	tokColInfo       = 0xa5
	tokOrder         = 0xa9
	tokError         = 0xaa
	tokInfo          = 0xab
	tokReturnValue   = 0xac
	tokLoginAck      = 0xad
	tokFeatureAck    = 0xae
	tokRow           = 0xd1
	tokRowNBC        = 0xd2
	tokCapability    = 0xe2 // Sybase
	tokEnvChange     = 0xe3
	tokSessionState  = 0xe4
	tokEED           = 0xe5 // Sybase: error with SQLSTATE
	tokSSPI          = 0xed
	tokFedAuth       = 0xee // Sybase: ROWFMT
	tokDone          = 0xfd
	tokDoneProc      = 0xfe
	tokDoneInProc    = 0xff
	noColumns        = 0xffff
	doneError        = 0x02 // bits of DONE's Status (2.2.7.6)
	doneCount        = 0x10
	doneAttention    = 0x20
	commandSelect    = 0xc1
	commandInsert    = 0xc3
	commandDelete    = 0xc4
	commandUpdate    = 0xc5
	commandBulk      = 0xf0
	commandMerge     = 0x117
	envDatabase      = 1
	severityOfServer = 17
)
