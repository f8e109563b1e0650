// Package packages tests what brings the program to a machine and runs it there: what it tells systemd, the unit, the
// packages, the image, what shells and man know of its commands, docs/installing.md and docs/deploying.md.
package packages
