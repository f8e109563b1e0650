//go:build cgo

package translate

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// figureName is the name that a column gets from its expression where none is given, and
// how good a name that is: 0 none, 1 one that a better one may replace, 2 a good one. It is
// PostgreSQL's FigureColname.
func figureName(n *pg.Node) (name string, strength int) {
	if n == nil {
		return "", 0
	}
	switch x := n.Node.(type) {
	case *pg.Node_ColumnRef:
		for _, f := range x.ColumnRef.Fields {
			if s := stringOf(f); s != "" {
				name = s
			}
		}
		return name, 2
	case *pg.Node_AIndirection:
		for _, f := range x.AIndirection.Indirection {
			if s := stringOf(f); s != "" {
				name = s
			}
		}
		if name != "" {
			return name, 2
		}
		return figureName(x.AIndirection.Arg)
	case *pg.Node_FuncCall:
		return stringOf(x.FuncCall.Funcname[len(x.FuncCall.Funcname)-1]), 2
	case *pg.Node_AExpr:
		if x.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", 2
		}
	case *pg.Node_TypeCast:
		if name, strength = figureName(x.TypeCast.Arg); strength <= 1 {
			names := x.TypeCast.TypeName.Names
			return stringOf(names[len(names)-1]), 1
		}
		return name, strength
	case *pg.Node_CollateClause:
		return figureName(x.CollateClause.Arg)
	case *pg.Node_GroupingFunc:
		return "grouping", 2
	case *pg.Node_SubLink:
		switch x.SubLink.SubLinkType {
		case pg.SubLinkType_EXISTS_SUBLINK:
			return "exists", 2
		case pg.SubLinkType_ARRAY_SUBLINK:
			return "array", 2
		case pg.SubLinkType_EXPR_SUBLINK:
			q := x.SubLink.Subselect.GetSelectStmt()
			if q == nil || len(q.TargetList) == 0 {
				return "", 0
			}
			t := q.TargetList[0].GetResTarget()
			if t.Name != "" {
				return t.Name, 2
			}
			return figureName(t.Val)
		}
	case *pg.Node_CaseExpr:
		if name, strength = figureName(x.CaseExpr.Defresult); strength <= 1 {
			return "case", 1
		}
		return name, strength
	case *pg.Node_AArrayExpr:
		return "array", 2
	case *pg.Node_RowExpr:
		return "row", 2
	case *pg.Node_CoalesceExpr:
		return "coalesce", 2
	case *pg.Node_MinMaxExpr:
		if x.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST {
			return "least", 2
		}
		return "greatest", 2
	case *pg.Node_SqlvalueFunction:
		return valueFunctionNames[x.SqlvalueFunction.Op], 2
	}
	return "", 0
}

var valueFunctionNames = map[pg.SQLValueFunctionOp]string{
	pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE: "current_date", pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME: "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N: "current_time", pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp", pg.SQLValueFunctionOp_SVFOP_LOCALTIME: "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N: "localtime", pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP: "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N: "localtimestamp", pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE: "current_role",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_USER: "current_user", pg.SQLValueFunctionOp_SVFOP_USER: "user",
	pg.SQLValueFunctionOp_SVFOP_SESSION_USER: "session_user", pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG: "current_catalog",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA: "current_schema",
}
