"""External databases, read through ODBC."""
