"""Which tables may be read: those of the connected database, and of the system's those that describe it."""

from __future__ import annotations

from resolvers.sql_guard.nodes import words

_INFORMATION = words(
    """
    tables columns views schemata statistics key_column_usage table_constraints referential_constraints
    constraint_column_usage constraint_table_usage check_constraints routines parameters triggers events
    partitions character_sets collations domains domain_constraints element_types sequences view_column_usage
    view_table_usage column_domain_usage table_privileges column_privileges
    """
)

_POSTGRES = words(
    """
    pg_class pg_namespace pg_attribute pg_attrdef pg_type pg_enum pg_range pg_index pg_indexes pg_tables
    pg_views pg_matviews pg_constraint pg_description pg_proc pg_sequence pg_sequences pg_trigger pg_inherits
    pg_partitioned_table pg_collation pg_extension pg_stat_user_tables pg_stat_user_indexes
    pg_statio_user_tables pg_operator pg_am pg_opclass pg_depend pg_rewrite pg_policy pg_policies
    """
)

_TSQL = words(
    """
    tables columns objects all_objects all_columns schemas types views indexes index_columns key_constraints
    check_constraints default_constraints foreign_keys foreign_key_columns identity_columns computed_columns
    procedures parameters triggers sql_modules partitions stats stats_columns extended_properties sequences
    synonyms
    """
)

_TSQL_OLD = words(
    """
    sysaltfiles syscacheobjects syscharsets sysconfigures syscurconfigs sysdatabases sysdevices sysfilegroups
    sysfiles syslanguages syslockinfo syslogins sysmembers sysmessages sysoledbusers sysopentapes
    sysperfinfo sysprocesses sysprotects sysremotelogins sysservers sysusers syspermissions
    """
)

_SQLITE = frozenset({"sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})

_MYSQL_SYSTEM = frozenset({"mysql", "performance_schema", "sys"})


def objection(dialect: str, database: str, parts: tuple[str, str, str]) -> str:
    """Return why the table (catalog, schema, name) may not be read, or nothing.

    `database` is the one connected to. Parts that are not given are empty.
    """
    catalog, schema, name = (part.lower() for part in parts)
    if catalog and (dialect not in ("postgres", "tsql") or catalog != database.lower()):
        return "tables of other databases are not served"
    return {"postgres": _postgres, "mysql": _mysql, "tsql": _tsql, "sqlite": _sqlite}[dialect](
        schema, name, database.lower()
    )


def _system(schema: str, name: str) -> str:
    return f"the system table {f'{schema}.' if schema else ''}{name} is not served"


_POSTGRES_WORDS = words(
    """
    current_catalog current_date current_role current_schema current_time current_timestamp current_user
    localtime localtimestamp session_user system_user user
    """
)
"""In place of a table these are calls of functions."""


def _postgres(schema: str, name: str, database: str) -> str:
    if not schema and name in _POSTGRES_WORDS:
        return f"{name} in place of a table"
    if schema == "information_schema":
        return "" if name in _INFORMATION else _system(schema, name)
    if schema == "pg_catalog" or (not schema and name.startswith("pg_")):
        return "" if name in _POSTGRES else _system(schema, name)
    return _system(schema, name) if schema.startswith("pg_") else ""


def _mysql(schema: str, name: str, database: str) -> str:
    if schema == "information_schema":
        return "" if name in _INFORMATION else _system(schema, name)
    if schema and schema != database:
        return "tables of other databases are not served"
    if database in _MYSQL_SYSTEM:
        return _system(database, name)
    return ""


def _tsql(schema: str, name: str, database: str) -> str:
    if schema == "information_schema":
        return "" if name in _INFORMATION else _system(schema, name)
    if schema == "sys":
        return "" if name in _TSQL else _system(schema, name)
    if name in _TSQL_OLD or name.startswith("##"):
        return _system(schema, name)
    return ""


def _sqlite(schema: str, name: str, database: str) -> str:
    if schema not in ("", "main"):
        return "tables of other databases are not served"
    if name.startswith(("sqlite_", "pragma_")) or name in ("dbstat", "fsdir", "bytecode", "tables_used"):
        return "" if name in _SQLITE else _system(schema, name)
    return ""
