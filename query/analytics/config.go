package analytics

// WorkerConfig is what the server tells the worker when it starts it.
type WorkerConfig struct {
	Dir         string `json:"dir"`
	Socket      string `json:"socket"`
	Connections int    `json:"connections"`
	MemoryBytes int64  `json:"memory"`
	SpillBytes  int64  `json:"spill"`
	LogFormat   string `json:"log"`
}

// ReadyLine is what the worker prints once it answers. Beside it prints how far its projection is, a position a line.
const ReadyLine = "ready"
