"""What each engine is asked for its tables and columns."""

from __future__ import annotations

from store.databases import Engine

_STANDARD_TABLES = (
    "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE {own} "
    "ORDER BY table_schema, table_name"
)
_STANDARD_COLUMNS = """
SELECT c.table_schema, c.table_name, t.table_type, c.column_name, {type}, c.is_nullable,
  CASE WHEN EXISTS (
    SELECT 1 FROM information_schema.table_constraints k JOIN information_schema.key_column_usage u
      ON u.constraint_schema = k.constraint_schema AND u.constraint_name = k.constraint_name
      AND u.table_schema = k.table_schema AND u.table_name = k.table_name
    WHERE k.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema
      AND k.table_name = c.table_name AND u.column_name = c.column_name
  ) THEN 'primary' ELSE '' END
FROM information_schema.columns c JOIN information_schema.tables t
  ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE {own} AND c.table_name = ? AND (? = '' OR c.table_schema = ?)
ORDER BY c.table_schema, c.ordinal_position
"""
_OWN = {
    Engine.POSTGRESQL: "{t}table_schema NOT IN ('pg_catalog', 'information_schema')",
    Engine.MYSQL: "{t}table_schema = DATABASE()",
    Engine.MARIADB: "{t}table_schema = DATABASE()",
    Engine.MSSQL: "{t}table_schema <> 'sys'",
}
_LENGTH = "CASE WHEN c.character_maximum_length > 0 THEN {join} ELSE c.data_type END"
_TYPE = {
    Engine.POSTGRESQL: _LENGTH.format(join="c.data_type || '(' || c.character_maximum_length || ')'"),
    Engine.MYSQL: "c.column_type",
    Engine.MARIADB: "c.column_type",
    Engine.MSSQL: _LENGTH.format(join="CONCAT(c.data_type, '(', c.character_maximum_length, ')')"),
}

_SQLITE_TABLES = (
    "SELECT '', name, type FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'sqlite|_%' ESCAPE '|' ORDER BY name"
)
_SQLITE_COLUMNS = """
SELECT '', m.name, m.type, p.name, p.type, CASE WHEN p."notnull" THEN 'NO' ELSE 'YES' END,
  CASE WHEN p.pk > 0 THEN 'primary' ELSE '' END
FROM sqlite_master m JOIN pragma_table_info(m.name) p
WHERE m.type IN ('table', 'view') AND m.name = ? AND (? = '' OR ? = 'main') ORDER BY p.cid
"""


def tables_of(engine: Engine) -> str:
    """Return the query for schema, name and kind of all tables."""
    if engine is Engine.SQLITE:
        return _SQLITE_TABLES
    return _STANDARD_TABLES.format(own=_OWN[engine].format(t=""))


def columns_of(engine: Engine) -> str:
    """Return the query for one table: schema, name, kind, column, type, YES or NO for null, key.

    Its parameters are the table's name, and its schema twice (empty is any).
    """
    if engine is Engine.SQLITE:
        return _SQLITE_COLUMNS
    return _STANDARD_COLUMNS.format(own=_OWN[engine].format(t="c."), type=_TYPE[engine])
