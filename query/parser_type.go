package query

import (
	"github.com/eventgres/eventgres/pgwire"
)

func (p *parser) typedLiteral() expr {
	saved := *p
	pos := p.tok.pos
	if next := p.peek(); next.text == "(" && p.tok.text != "varchar" && p.tok.text != "char" && p.tok.text != "character" &&
		p.tok.text != "numeric" && p.tok.text != "decimal" && p.tok.text != "timestamp" && p.tok.text != "timestamptz" && p.tok.text != "bpchar" {
		return nil // a function of that name
	}
	typ, ok := p.tryTypeName()
	if ok && p.tok.kind == tokString {
		lit := &literal{node{p.tok.pos}, tokString, p.tok.text}
		p.advance()
		return &castExpr{node{pos}, lit, typ}
	}
	*p = saved
	return nil
}

var typeNames = map[string]uint32{
	"bool": pgwire.OIDBool, "boolean": pgwire.OIDBool, "bytea": pgwire.OIDBytea, "name": pgwire.OIDName,
	"int8": pgwire.OIDInt8, "bigint": pgwire.OIDInt8, "int4": pgwire.OIDInt4, "int": pgwire.OIDInt4,
	"integer": pgwire.OIDInt4, "int2": pgwire.OIDInt2, "smallint": pgwire.OIDInt2, "text": pgwire.OIDText,
	"oid": pgwire.OIDOid, "json": pgwire.OIDJSON, "jsonb": pgwire.OIDJSONB, "float4": pgwire.OIDFloat4,
	"real": pgwire.OIDFloat4, "float8": pgwire.OIDFloat8, "double precision": pgwire.OIDFloat8, "float": pgwire.OIDFloat8,
	"varchar": pgwire.OIDVarchar, "character varying": pgwire.OIDVarchar, "bpchar": pgwire.OIDBpchar, "date": pgwire.OIDDate,
	"char": pgwire.OIDBpchar, "character": pgwire.OIDBpchar,
	"timestamp": pgwire.OIDTimestamp, "timestamp without time zone": pgwire.OIDTimestamp,
	"timestamptz": pgwire.OIDTimestamptz, "timestamp with time zone": pgwire.OIDTimestamptz,
	"interval": pgwire.OIDInterval, "numeric": pgwire.OIDNumeric, "decimal": pgwire.OIDNumeric, "uuid": pgwire.OIDUUID,
	"regclass": pgwire.OIDRegclass, "unknown": pgwire.OIDUnknown, "void": pgwire.OIDVoid, "xid": pgwire.OIDXid,
}

var arrayOf = map[uint32]uint32{
	pgwire.OIDText: pgwire.OIDTextArray, pgwire.OIDInt8: pgwire.OIDInt8Array, pgwire.OIDInt4: pgwire.OIDInt4Array,
	pgwire.OIDUUID: pgwire.OIDUUIDArray, pgwire.OIDVarchar: pgwire.OIDVarcharArr,
}

func (p *parser) typeName() typeName {
	pos := p.tok.pos
	typ, ok := p.tryTypeName()
	if !ok {
		if p.tok.kind != tokIdent && p.tok.kind != tokQuoted {
			p.unexpected()
		}
		t := p.label()
		for p.op(".") {
			t = p.label()
		}
		if p.op("(") {
			p.skipToParen()
			p.expectOp(")")
		}
		for p.op("[") {
			p.expectOp("]")
		}
		return typeName{name: t, pos: pos}
	}
	return typ
}

func (p *parser) tryTypeName() (typeName, bool) {
	typ := typeName{pos: p.tok.pos}
	if p.tok.kind != tokIdent && p.tok.kind != tokQuoted {
		return typ, false
	}
	if p.isWord("pg_catalog") {
		p.advance()
		p.expectOp(".")
	}
	text := p.tok.text
	quotedChar := p.tok.kind == tokQuoted && text == "char"
	oid, ok := typeNames[text]
	if text == "double" {
		ok = true
	}
	if !ok {
		return typ, false
	}
	p.advance()
	switch text {
	case "double":
		if !p.word("precision") {
			return typ, false
		}
		text, oid = "double precision", pgwire.OIDFloat8
	case "character", "char":
		if p.word("varying") {
			oid = pgwire.OIDVarchar
		}
	}
	if quotedChar {
		oid = pgwire.OIDChar
	}
	typ.mod = p.isOp("(")
	p.typeModifier()
	if text == "timestamp" {
		if p.words("with", "time", "zone") {
			oid = pgwire.OIDTimestamptz
		} else {
			p.words("without", "time", "zone")
		}
	}
	for p.isOp("[") || p.isWord("array") {
		p.advance()
		if p.prev.text == "[" {
			if p.tok.kind == tokInteger {
				p.advance()
			}
			p.expectOp("]")
		}
		if pgwire.ElementType(oid) == 0 {
			oid = arrayOf[oid]
		}
		text += "[]"
	}
	typ.name, typ.oid = text, oid
	return typ, true
}

func (p *parser) typeModifier() {
	if !p.isOp("(") {
		return
	}
	p.advance()
	for {
		if p.tok.kind != tokInteger {
			p.unexpected()
		}
		p.advance()
		if !p.op(",") {
			break
		}
	}
	p.expectOp(")")
}
