// Package syntax asks PostgreSQL and Eventgres whether texts are statements at all: what one of them
// finds to be none, the other does too, and at the same place.
package syntax
