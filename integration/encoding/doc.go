// Package encoding compares what clients in every encoding send and are sent with PostgreSQL.
package encoding
