// Package charset converts text between UTF-8 and the other encodings that PostgreSQL's clients may use.
//
// The tables are what PostgreSQL 15 itself converts to, character by character (gen.go asks it), since standards
// disagree about what a sequence of bytes means. They are read when an encoding is first used; UTF-8 uses none.
package charset

//go:generate go run gen.go
