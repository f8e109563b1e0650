package harness

// An Option changes how Eventgres starts a server.
type Option func(*Server)

// WithData uses this data directory; by default the server gets a new one.
func WithData(dir string) Option { return func(s *Server) { s.Data = dir } }

// WithArgs adds arguments behind those the harness gives to `eventgres serve`.
func WithArgs(args ...string) Option {
	return func(s *Server) { s.args = append(s.args, args...) }
}

// WithEnv adds variables ("NAME=value") to the server's environment.
func WithEnv(env ...string) Option {
	return func(s *Server) { s.env = append(s.env, env...) }
}

// WithCommand puts a command in front of the server, such as strace with its
// options. PID and the signals are then the command's.
func WithCommand(command ...string) Option {
	return func(s *Server) { s.command = command }
}
