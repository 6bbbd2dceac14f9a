"""Which functions only compute: by dialect, as the server knows them. Any other is refused."""

from __future__ import annotations

from resolvers.sql_guard.nodes import words

_COMMON = """
    abs acos asin atan atan2 avg ceil ceiling coalesce concat concat_ws cos count cume_dist degrees
    dense_rank exp first_value floor format greatest lag last_value lead least left length ln log log10 lower
    lpad ltrim max min nth_value ntile nullif percent_rank pi power radians rank replace reverse right round
    row_number rpad rtrim sign sin sqrt sum tan trim upper
"""

_POSTGRES = """
    age all any any_value array_agg array_append array_cat array_dims array_length array_lower array_ndims
    array_position array_positions array_prepend array_remove array_replace array_to_json array_to_string
    array_upper ascii bit_and bit_length bit_or bit_xor bool_and bool_or btrim cardinality cbrt char_length
    character_length chr clock_timestamp col_description corr cosh cot covar_pop covar_samp current_database
    current_schema current_schemas date date_bin date_part date_trunc decode div encode every factorial
    format_type gcd gen_random_uuid generate_series generate_subscripts get_bit get_byte grouping
    has_column_privilege has_schema_privilege has_table_privilege host initcap isempty isfinite json_agg
    json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
    json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys
    json_strip_nulls json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length
    jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all
    jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg
    jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array
    jsonb_path_query_first jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_typeof justify_days justify_hours
    justify_interval lcm lower_inc lower_inf make_date make_interval make_time make_timestamp make_timestamptz
    masklen md5 min_scale mod mode netmask network normalize now num_nonnulls num_nulls numnode numrange
    obj_description octet_length percentile_cont percentile_disc pg_get_constraintdef pg_get_expr
    pg_get_functiondef pg_get_indexdef pg_get_serial_sequence pg_get_userbyid pg_get_viewdef
    pg_relation_size pg_size_pretty pg_table_is_visible pg_table_size pg_total_relation_size pg_typeof
    phraseto_tsquery plainto_tsquery quote_ident quote_literal quote_nullable random regexp_count regexp_instr
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
    regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    repeat row row_to_json scale set_bit set_byte setweight sha224 sha256 sha384 sha512 shobj_description sinh
    split_part starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array
    string_to_table strip strpos substr substring tanh timeofday timezone to_char to_date to_hex to_json
    to_jsonb to_number to_regclass to_regtype to_timestamp to_tsquery to_tsvector transaction_timestamp
    translate trim_array trim_scale trunc ts_headline ts_rank ts_rank_cd tsrange tstzrange int4range int8range
    daterange unnest upper_inc upper_inf var_pop var_samp variance version websearch_to_tsquery width_bucket
"""

_MYSQL = """
    adddate addtime aes_decrypt aes_encrypt any_value ascii bin bit_and bit_count bit_length bit_or bit_xor
    cast char char_length character_length charset coercibility collation compress connection_id conv
    convert_tz cot crc32 curdate current_date current_time current_timestamp current_user curtime database
    date date_add date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear elt exists
    export_set extractvalue field find_in_set from_base64 from_days from_unixtime get_format group_concat
    grouping hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa insert instr interval isnull
    json_array json_array_append json_array_insert json_arrayagg json_compact json_contains
    json_contains_path json_depth json_detailed json_exists json_extract json_insert json_keys json_length
    json_loose json_merge_patch json_merge_preserve json_object json_objectagg json_overlaps json_pretty
    json_query json_quote json_remove json_replace json_search json_set json_type json_unquote json_valid
    json_value last_day lcase locate log2 make_set makedate maketime md5 median microsecond mid minute mod
    month monthname now nullif nvl nvl2 oct octet_length ord percentile_cont percentile_disc period_add
    period_diff position pow quarter quote rand regexp_instr regexp_like regexp_replace regexp_substr repeat
    schema sec_to_time second session_user sha sha1 sha2 soundex space std stddev stddev_pop stddev_samp
    str_to_date strcmp subdate substr substring substring_index subtime sysdate system_user time
    time_format time_to_sec timediff timestamp timestampadd timestampdiff to_base64 to_char to_days
    to_seconds truncate ucase uncompressed_length unhex unix_timestamp user utc_date utc_time
    utc_timestamp uuid var_pop var_samp variance version week weekday weekofyear weight_string year yearweek
"""

_TSQL = """
    approx_count_distinct ascii atn2 binary_checksum bit_count cast char charindex checksum checksum_agg choose
    col_length col_name columnproperty compress contains cot count_big current_timezone datalength date_bucket
    dateadd datediff datediff_big datefromparts datename datepart datetime2fromparts datetimefromparts
    datetimeoffsetfromparts datetrunc day db_name decompress difference eomonth freetext generate_series
    getdate getutcdate grouping grouping_id hashbytes host_name iif indexproperty is_member isdate isjson
    isnull isnumeric json_array json_modify json_object json_path_exists json_query json_value len log
    month nchar newid object_definition object_id object_name object_schema_name objectproperty
    original_login parsename patindex percentile_cont percentile_disc quotename rand replicate schema_id
    schema_name smalldatetimefromparts soundex space square stdev stdevp str string_agg string_escape
    string_split stuff suser_name suser_sname switchoffset sysdatetime sysdatetimeoffset sysutcdatetime
    timefromparts todatetimeoffset translate type_id type_name typeproperty unicode user_name
    var varp year
"""

_SQLITE = """
    acosh asinh atanh changes char cosh date datetime glob group_concat hex ifnull iif instr json json_array
    json_array_length json_each json_extract json_group_array json_group_object json_insert json_object
    json_patch json_quote json_remove json_replace json_set json_tree json_type json_valid julianday
    like likelihood likely log2 mod pow printf quote random sinh soundex sqlite_version strftime
    string_agg substr substring tanh time timediff total trunc typeof unhex unicode unixepoch unlikely
    generate_series pragma_foreign_key_list pragma_index_info pragma_index_list pragma_index_xinfo
    pragma_table_info pragma_table_list pragma_table_xinfo
"""

_NOT_ON = {"sqlite": {"lpad", "rpad", "left", "right", "greatest", "least", "reverse"}}

FUNCTIONS: dict[str, frozenset[str]] = {
    dialect: words(_COMMON + own) - frozenset(_NOT_ON.get(dialect, ()))
    for dialect, own in (
        ("postgres", _POSTGRES),
        ("mysql", _MYSQL),
        ("tsql", _TSQL),
        ("sqlite", _SQLITE),
    )
}
"""Dialect -> names in lower case."""

LENGTHENING = {"repeat": 1, "lpad": 1, "rpad": 1, "space": 0, "replicate": 1}
"""Functions whose result is as long as the argument at this place says: it must be a small number."""

FORMATTING = frozenset({"printf", "format"})
"""Functions whose template may ask for any width: it must be a literal that does not."""

MOST_REPEATED = 10_000
