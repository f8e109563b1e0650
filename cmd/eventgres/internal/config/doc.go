// Package config makes settings of a command's flags: each is declared once, as a field of the command's struct with kong's
// tags, and from it follow the flag, the variable and the key in the file.
//
//	MaxEvent int `default:"1048576" min:"1" help:"Stored size of one event, bytes."`
//
// is --max-event, EVENTGRES_MAX_EVENT and max_event. A flag beats a variable, a variable beats the file, the file beats the
// default. Beside kong's own tags there are
//
//	min:"1"                   the least number that is taken
//	setting:"ssl_cert_file"   PostgreSQL's name of it, for SHOW and pg_settings; otherwise eventgres.max_event
//	reload:""                 a change in the file takes effect while the server runs; who serves sees to that
//	file:"-"                  it cannot stand in the file
//	env:"EVENTGRES_OTHER"     a variable of another name; "-": none
//
// file.go reads a file, settings.go finds each setting's value and where it comes from, example.go writes what can be
// set. The package knows neither what the settings mean nor that there is a server.
package config
