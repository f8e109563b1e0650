package main

// statisticsFlags are what is counted.
type statisticsFlags struct {
	TrackStatements string `name:"pg-stat-statements-track" default:"top" enum:"none,top" setting:"pg_stat_statements.track" reload:"" help:"Statements that pg_stat_statements counts: those of clients (top), or none."`
}

// logFlags are what the log has of sessions and statements; those of statements a session may set otherwise for itself.
type logFlags struct {
	LogConnections        bool   `setting:"log_connections" reload:"" help:"Write each session that begins to the log: who, from where, and how it has come in."`
	LogDisconnections     bool   `setting:"log_disconnections" reload:"" help:"Write each session that ends to the log, with how long it was."`
	LogStatement          string `default:"none" enum:"none,ddl,mod,all" setting:"log_statement" reload:"" help:"Statements that are written to the log when they begin: none, those that define (ddl), those that append too (mod), or all."`
	LogMinDuration        int    `name:"log-min-duration-statement" default:"-1" min:"-1" setting:"log_min_duration_statement" reload:"" help:"How long a statement takes that is written to the log when it has ended, milliseconds; -1: none is."`
	LogParameterMaxLength int    `default:"0" min:"-1" setting:"log_parameter_max_length" reload:"" help:"How much of each parameter is written beside its statement, bytes; -1: all of it."`
}
