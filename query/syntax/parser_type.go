package syntax

import (
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

func (p *parser) typedLiteral() Expr {
	saved := *p
	pos := p.tok.Pos
	if next := p.peek(); next.Text == "(" && p.tok.Text != "varchar" && p.tok.Text != "char" && p.tok.Text != "character" &&
		p.tok.Text != "numeric" && p.tok.Text != "decimal" && p.tok.Text != "timestamp" && p.tok.Text != "timestamptz" && p.tok.Text != "bpchar" {
		return nil // a function of that name
	}
	typ, ok := p.tryTypeName()
	if ok && p.tok.Kind == TokString {
		lit := &Literal{node{p.tok.Pos}, TokString, p.tok.Text}
		p.advance()
		return &CastExpr{node{pos}, lit, typ}
	}
	*p = saved
	return nil
}

var typeNames = map[string]uint32{
	"bool": pgvalue.OIDBool, "boolean": pgvalue.OIDBool, "bytea": pgvalue.OIDBytea, "name": pgvalue.OIDName,
	"int8": pgvalue.OIDInt8, "bigint": pgvalue.OIDInt8, "int4": pgvalue.OIDInt4, "int": pgvalue.OIDInt4,
	"integer": pgvalue.OIDInt4, "int2": pgvalue.OIDInt2, "smallint": pgvalue.OIDInt2, "text": pgvalue.OIDText,
	"oid": pgvalue.OIDOid, "json": pgvalue.OIDJSON, "jsonb": pgvalue.OIDJSONB, "float4": pgvalue.OIDFloat4,
	"real": pgvalue.OIDFloat4, "float8": pgvalue.OIDFloat8, "double precision": pgvalue.OIDFloat8, "float": pgvalue.OIDFloat8,
	"varchar": pgvalue.OIDVarchar, "character varying": pgvalue.OIDVarchar, "bpchar": pgvalue.OIDBpchar, "date": pgvalue.OIDDate,
	"char": pgvalue.OIDBpchar, "character": pgvalue.OIDBpchar,
	"timestamp": pgvalue.OIDTimestamp, "timestamp without time zone": pgvalue.OIDTimestamp,
	"timestamptz": pgvalue.OIDTimestamptz, "timestamp with time zone": pgvalue.OIDTimestamptz,
	"interval": pgvalue.OIDInterval, "numeric": pgvalue.OIDNumeric, "decimal": pgvalue.OIDNumeric, "uuid": pgvalue.OIDUUID,
	"regclass": pgvalue.OIDRegclass, "unknown": pgvalue.OIDUnknown, "void": pgvalue.OIDVoid, "xid": pgvalue.OIDXid,
}

var ArrayOf = map[uint32]uint32{
	pgvalue.OIDText: pgvalue.OIDTextArray, pgvalue.OIDInt8: pgvalue.OIDInt8Array, pgvalue.OIDInt4: pgvalue.OIDInt4Array,
	pgvalue.OIDUUID: pgvalue.OIDUUIDArray, pgvalue.OIDVarchar: pgvalue.OIDVarcharArr,
}

func (p *parser) typeName() TypeName {
	pos := p.tok.Pos
	typ, ok := p.tryTypeName()
	if !ok {
		if p.tok.Kind != TokIdent && p.tok.Kind != tokQuoted {
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
		return TypeName{Name: t, Pos: pos}
	}
	return typ
}

// parameterType reads a type of PREPARE's list. Of one that is not known here it keeps the text, for the worker.
func (p *parser) parameterType() TypeName {
	saved := *p
	if typ, ok := p.tryTypeName(); ok && typ.OID != 0 && (p.isOp(",") || p.isOp(")")) {
		return typ
	}
	*p = saved
	pos, depth := p.tok.Pos, 0
	if p.tok.Kind != TokIdent && p.tok.Kind != tokQuoted {
		p.unexpected()
	}
	for depth > 0 || !p.isOp(",") && !p.isOp(")") {
		switch {
		case p.tok.Kind == TokEOF:
			p.unexpected()
		case p.isOp("("):
			depth++
		case p.isOp(")"):
			depth--
		}
		p.advance()
	}
	return TypeName{Name: p.Src[pos:p.prev.End], Pos: pos}
}

func (p *parser) tryTypeName() (TypeName, bool) {
	typ := TypeName{Pos: p.tok.Pos}
	if p.tok.Kind != TokIdent && p.tok.Kind != tokQuoted {
		return typ, false
	}
	if p.isWord("pg_catalog") {
		p.advance()
		p.expectOp(".")
	}
	text := p.tok.Text
	quotedChar := p.tok.Kind == tokQuoted && text == "char"
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
		text, oid = "double precision", pgvalue.OIDFloat8
	case "character", "char":
		if p.word("varying") {
			oid = pgvalue.OIDVarchar
		}
	}
	if quotedChar {
		oid = pgvalue.OIDChar
	}
	typ.Mod = p.isOp("(")
	p.typeModifier()
	if text == "timestamp" {
		if p.words("with", "time", "zone") {
			oid = pgvalue.OIDTimestamptz
		} else {
			p.words("without", "time", "zone")
		}
	}
	for p.isOp("[") || p.isWord("array") {
		p.advance()
		if p.prev.Text == "[" {
			if p.tok.Kind == TokInteger {
				p.advance()
			}
			p.expectOp("]")
		}
		if pgvalue.ElementType(oid) == 0 {
			oid = ArrayOf[oid]
		}
		if !strings.HasSuffix(text, "[]") { // the number of dimensions is no part of a type
			text += "[]"
		}
	}
	typ.Name, typ.OID = text, oid
	return typ, true
}

func (p *parser) typeModifier() {
	if !p.isOp("(") {
		return
	}
	p.advance()
	for {
		if p.tok.Kind != TokInteger {
			p.unexpected()
		}
		p.advance()
		if !p.op(",") {
			break
		}
	}
	p.expectOp(")")
}
