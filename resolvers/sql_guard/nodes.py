"""Which parts of SQL only read: the nodes of a parsed statement that are let through, by class and by argument."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a text: lists read better that way."""
    return frozenset(text.split())


NODES = words(
    """
    Select Union Intersect Except Subquery Values With CTE From Join Where Group Having Order Ordered Limit
    LimitOptions Offset Fetch Distinct Table TableAlias Column Identifier Star Alias Concat ObjectIdentifier Literal National
    Null Boolean HexString BitString Paren Tuple Var Interval IntervalSpan DataType DataTypeParam Cast TryCast
    Convert Extract Trim Substring StrPosition Overlay GroupConcat Collate CharacterSet AtTimeZone Case If
    And Or Xor Not Is EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Between In Like ILike SimilarTo Escape
    RegexpLike RegexpILike Glob Match MatchAgainst Exists Any All Add Sub Mul Div IntDiv Mod Neg Pow
    BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift DPipe Bracket Slice Array
    Window WindowSpec Filter WithinGroup IgnoreNulls RespectNulls Anonymous Cube Rollup GroupingSets Lateral
    Unnest Pivot PivotAlias UnpivotColumns TableSample WithTableHint IndexTableHint Partition Kwarg
    CurrentDate CurrentTime CurrentTimestamp CurrentDatetime Localtime Localtimestamp CurrentUser SessionUser
    CurrentRole CurrentCatalog CurrentSchema OpenJSON OpenJSONColumnDef JSONExtract JSONExtractScalar
    JSONBExtract JSONBExtractScalar JSONPath JSONPathRoot JSONPathKey JSONPathSubscript JSONBContains
    JSONArrayContains ArrayContainsAll ArrayContainedBy ArrayOverlaps ArrayContains Overlaps RawString
    """
)
"""Names of sqlglot's classes. Whatever else stands in a statement is refused."""

ARGUMENTS = {
    "Select": words(
        "with_ expressions distinct from_ joins laterals where group having windows order limit offset "
        "sample pivots"
    ),
    "Table": words(
        "this alias db catalog joins laterals hints sample pivots ordinality only partition indexed"
    ),
    "Subquery": words(
        "this alias with_ joins laterals where group having windows order limit offset sample pivots"
    ),
}
"""Of nodes with many arguments, those that are let through: the others change what is done."""

REFUSED_BY_NAME = {
    "Into": "SELECT ... INTO writes",
    "Lock": "FOR UPDATE, FOR SHARE and LOCK IN SHARE MODE lock rows",
    "NextValueFor": "NEXT VALUE FOR changes a sequence",
    "PropertyEQ": "variables cannot be set",
    "Parameter": "variables are not served",
    "SessionParameter": "variables are not served",
    "Placeholder": "parameters are not served; write the value as a literal",
    "Command": "only one SELECT is served",
    "ByteString": "escape strings (E'...') are not served; write a plain literal",
    "UnicodeString": "U&'...' is not served; write a plain literal",
    "Introducer": "a character set before a literal is not served",
    "Hint": "optimizer hints are not served",
    "QueryOption": "query options are not served",
    "ForClause": "FOR XML and FOR JSON are not served",
    "Dot": "names of this many parts are not served: functions of a schema, other servers, methods",
    "Semicolon": "exactly one statement is served",
}
"""What is said of the commonest refusals."""

STATEMENT_WORDS = words(
    """
    add alter backup begin break bulk checkpoint close commit continue create dbcc deallocate declare delete
    deny disable drop enable end exec execute fetch get go goto grant if insert kill load merge move open print
    raiserror readtext receive reconfigure restore return revert revoke rollback save send set setuser shutdown
    throw truncate update updatetext use waitfor while writetext
    """
)
"""SQL Server takes a second statement without a semicolon: these begin one, and are no names unless quoted."""

SAMPLES = words("bernoulli system")

TABLE_HINTS = words(
    "nolock readuncommitted readcommitted readcommittedlock readpast noexpand forcescan forceseek"
)
"""SQL Server's table hints that take no lock beyond those of a plain read."""

SYNTAX = words(
    "CAST CONVERT TRY_CAST TRY_CONVERT EXTRACT TRIM SUBSTRING POSITION OVERLAY GROUP_CONCAT MATCH OPENJSON"
)
"""Functions with a syntax of their own; all others are parsed and written back as plain calls by name."""
