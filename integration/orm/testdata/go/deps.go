// Package orm names what the programs of docs/orm.md import, for this module's go.mod.
package orm

import (
	_ "github.com/google/uuid"
	_ "github.com/uptrace/bun"
	_ "github.com/uptrace/bun/dialect/pgdialect"
	_ "github.com/uptrace/bun/driver/pgdriver"
	_ "gorm.io/driver/postgres"
	_ "gorm.io/gorm"
)
