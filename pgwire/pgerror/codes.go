package pgerror

// SQLSTATEs, by the names that PostgreSQL has for these conditions. Each stands here because something returns it, looks for it or documents it;
// integration/readme/declared_test.go fails for one that nothing reads, and for a literal in its place.
const (
	// Class 00: successful completion.
	SuccessfulCompletion = "00000"

	// Class 01: warning.
	Warning             = "01000"
	PrivilegeNotRevoked = "01006"
	PrivilegeNotGranted = "01007"

	// Class 08: connection exception.
	TransactionResolutionUnknown = "08007"
	ProtocolViolation            = "08P01"

	// Class 0A: feature not supported.
	FeatureNotSupported = "0A000"

	// Class 0L: invalid grantor.
	InvalidGrantOperation = "0LP01"

	// Class 21: cardinality violation.
	CardinalityViolation = "21000"

	// Class 22: data exception.
	NumericValueOutOfRange                    = "22003"
	NullValueNotAllowed                       = "22004"
	InvalidDatetimeFormat                     = "22007"
	DatetimeFieldOverflow                     = "22008"
	InvalidTimeZoneDisplacementValue          = "22009"
	InvalidUseOfEscapeCharacter               = "2200C"
	SubstringError                            = "22011"
	DivisionByZero                            = "22012"
	InvalidPrecedingOrFollowingSize           = "22013"
	InvalidArgumentForNtileFunction           = "22014"
	IntervalFieldOverflow                     = "22015"
	InvalidArgumentForNthValueFunction        = "22016"
	InvalidRegularExpression                  = "2201B"
	InvalidArgumentForLogarithm               = "2201E"
	InvalidArgumentForPowerFunction           = "2201F"
	InvalidArgumentForWidthBucketFunction     = "2201G"
	InvalidRowCountInLimitClause              = "2201W"
	InvalidRowCountInResultOffsetClause       = "2201X"
	CharacterNotInRepertoire                  = "22021"
	InvalidParameterValue                     = "22023"
	InvalidEscapeSequence                     = "22025"
	StringDataLengthMismatch                  = "22026"
	ArraySubscriptError                       = "2202E"
	InvalidTablesampleRepeat                  = "2202G"
	InvalidTablesampleArgument                = "2202H"
	InvalidArgumentForSQLJSONDatetimeFunction = "22031"
	InvalidSQLJSONSubscript                   = "22033"
	NonNumericSQLJSONItem                     = "22036"
	SingletonSQLJSONItemRequired              = "22038"
	SQLJSONArrayNotFound                      = "22039"
	SQLJSONMemberNotFound                     = "2203A"
	SQLJSONNumberNotFound                     = "2203B"
	SQLJSONObjectNotFound                     = "2203C"
	InvalidTextRepresentation                 = "22P02"
	InvalidBinaryRepresentation               = "22P03"
	BadCopyFileFormat                         = "22P04"
	UntranslatableCharacter                   = "22P05"

	// Class 23: integrity constraint violation.
	NotNullViolation = "23502"
	UniqueViolation  = "23505"

	// Class 25: invalid transaction state.
	ActiveSQLTransaction            = "25001"
	ReadOnlySQLTransaction          = "25006"
	NoActiveSQLTransaction          = "25P01"
	InFailedSQLTransaction          = "25P02"
	IdleInTransactionSessionTimeout = "25P03"

	// Class 26: invalid SQL statement name.
	InvalidSQLStatementName = "26000"

	// Class 28: invalid authorization specification.
	InvalidAuthorizationSpecification = "28000"
	InvalidPassword                   = "28P01"

	// Class 2B: dependent privilege descriptors still exist.
	DependentObjectsStillExist = "2BP01"

	// Class 34: invalid cursor name.
	InvalidCursorName = "34000"

	// Class 3B: savepoint exception.
	InvalidSavepointSpecification = "3B001"

	// Class 3D: invalid catalog name.
	InvalidCatalogName = "3D000"

	// Class 3F: invalid schema name.
	InvalidSchemaName = "3F000"

	// Class 40: transaction rollback.
	SerializationFailure = "40001"
	DeadlockDetected     = "40P01"

	// Class 42: syntax error or access rule violation.
	InsufficientPrivilege      = "42501"
	SyntaxError                = "42601"
	InvalidName                = "42602"
	NameTooLong                = "42622"
	DuplicateColumn            = "42701"
	AmbiguousColumn            = "42702"
	UndefinedColumn            = "42703"
	UndefinedObject            = "42704"
	DuplicateObject            = "42710"
	DuplicateAlias             = "42712"
	AmbiguousFunction          = "42725"
	GroupingError              = "42803"
	DatatypeMismatch           = "42804"
	WrongObjectType            = "42809"
	CannotCoerce               = "42846"
	UndefinedFunction          = "42883"
	GeneratedAlways            = "428C9"
	ReservedName               = "42939"
	UndefinedTable             = "42P01"
	UndefinedParameter         = "42P02"
	DuplicateCursor            = "42P03"
	DuplicatePreparedStatement = "42P05"
	DuplicateTable             = "42P07"
	AmbiguousParameter         = "42P08"
	AmbiguousAlias             = "42P09"
	InvalidColumnReference     = "42P10"
	InvalidCursorDefinition    = "42P11"
	InvalidTableDefinition     = "42P16"
	InvalidObjectDefinition    = "42P17"
	IndeterminateDatatype      = "42P18"
	InvalidRecursion           = "42P19"
	WindowingError             = "42P20"

	// Class 53: insufficient resources.
	DiskFull           = "53100"
	OutOfMemory        = "53200"
	TooManyConnections = "53300"

	ConfigurationLimitExceeded = "53400"

	// Class 54: program limit exceeded.
	ProgramLimitExceeded = "54000"
	StatementTooComplex  = "54001"
	TooManyColumns       = "54011"
	TooManyArguments     = "54023"

	// Class 55: object not in prerequisite state.
	ObjectNotInPrerequisiteState = "55000"
	ObjectInUse                  = "55006"
	CantChangeRuntimeParam       = "55P02"
	LockNotAvailable             = "55P03"

	// Class 57: operator intervention.
	QueryCanceled      = "57014"
	AdminShutdown      = "57P01"
	CannotConnectNow   = "57P03"
	IdleSessionTimeout = "57P05"

	// Class 58: system error.
	SystemError   = "58000"
	IOError       = "58030"
	UndefinedFile = "58P01"

	// Class P0: PL/pgSQL error.
	RaiseException = "P0001"

	// Class XX: internal error.
	InternalError = "XX000"
	DataCorrupted = "XX001"
)
