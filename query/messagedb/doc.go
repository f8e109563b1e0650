// Package messagedb is what clients of Message DB call: its functions write_message, get_stream_messages and the others, over the events of named
// streams. Positions of the log begin at 1 there, and JSON has jsonb's normal form. It knows neither sessions nor the worker: a [Host] has what it
// needs of them.
package messagedb
