select 1 into temp evil
select 1 into unlogged table evil
select * from customers for no key update
select * from customers for key share
select * from customers for update nowait
select * from customers for update skip locked
select * from customers for update of customers
select * from (select * from customers for update) x
with a as (select * from customers for share) select * from a
table pg_authid
select * from pg_authid
select * from pg_shadow
select * from pg_catalog.pg_shadow
select * from pg_user_mapping
select * from pg_settings
select * from pg_file_settings
select * from pg_hba_file_rules
select * from pg_stat_activity
select * from pg_stat_ssl
select * from pg_largeobject
select * from pg_stats
select * from pg_statistic
select * from pg_locks
select * from pg_config
select * from pg_foreign_server
select * from pg_toast.pg_toast_1
select * from information_schema.user_mapping_options
select * from information_schema.foreign_server_options
select * from other.public.customers
select * from postgres.pg_catalog.pg_class
select pg_read_binary_file('/etc/passwd')
select pg_ls_dir('/')
select * from pg_ls_dir('/') d
select pg_stat_file('/etc/passwd')
select * from pg_ls_logdir()
select lo_export(1, '/tmp/x')
select lo_create(0)
select lo_unlink(1)
select lo_get(1)
select lo_from_bytea(0, 'x')
select pg_terminate_backend(1)
select pg_cancel_backend(1)
select pg_reload_conf()
select pg_rotate_logfile()
select pg_switch_wal()
select pg_promote()
select pg_create_restore_point('x')
select pg_advisory_lock(1)
select pg_advisory_xact_lock(1)
select pg_try_advisory_lock(1)
select pg_sleep_for('5 minutes')
select pg_sleep_until('tomorrow')
select pg_notify('c', 'x')
select query_to_xml('delete from victims', true, true, '')
select table_to_xml('victims', true, true, '')
select cursor_to_xml('c', 1, true, true, '')
select database_to_xml(true, true, '')
select schema_to_xml('public', true, true, '')
select * from ts_stat('select delete_all()')
select currval('counter')
select lastval()
select current_setting('config_file')
select inet_server_addr()
select txid_current()
select setseed(0.5)
select pg_logical_emit_message(true, 'a', 'b')
select pg_export_snapshot()
select pg_stat_reset()
select pg_drop_replication_slot('x')
select pg_backend_pid()
select pg_conf_load_time()
select pg_postmaster_start_time()
select dblink_connect('host=evil')
select dblink_exec('host=evil', 'drop table victims')
select x.pg_sleep from unnest(array[5.0::float8]) x
select x.pg_sleep from unnest(array[5.0::float8]) as x
select unnest.pg_sleep from unnest(array[5.0::float8])
select x.pg_read_file from unnest(array['/etc/passwd']) x
select x.pg_ls_dir from lower('/') x
select generate_series.pg_sleep from generate_series(5, 5)
select l.pg_sleep from lateral unnest(array[5.0::float8]) l
select x.nextval from unnest(array['counter'::regclass]) x
select x.lo_unlink from unnest(array[1::oid]) x
select (select x.pg_sleep from unnest(array[5.0::float8]) x) from unnest(array[1]) x(pg_sleep)
select 1 from customers order by (select x.pg_sleep from unnest(array[5.0::float8]) x)
select x.upper from current_user x
select x.pg_sleep from cast(5.0 as float8) x
select x.pg_sleep from coalesce(5.0::float8, 1) x
select x.evil from current_date x
select (x).pg_sleep from unnest(array[5.0::float8]) x
select ('/etc/passwd'::text).pg_read_file
select (5.0::float8).pg_sleep
select array_agg(x).pg_sleep from unnest(array[5.0]) x
select * from rows from (pg_ls_dir('/')) d
select pg_catalog.pg_sleep(5)
select "pg_catalog"."pg_sleep"(5)
select PG_SLEEP (5)
select pg_sleep/**/(5)
select pg_sleep(5)::text
select 1 operator(pg_catalog.+) pg_sleep(5)
select 1 operator(evil.+) 2
select e'a\'; drop table victims; --'
select E'\x27; delete from victims --'
select U&'\0027; drop table victims'
select * from customers where note ? 'vip'
copy (select 1) to program 'sh -c id'
copy victims from stdin
copy victims from program 'id'
listen channel
notify channel
unlisten *
refresh materialized view mv
cluster victims
security label on table victims is 'x'
import foreign schema public from server s into public
create extension dblink
create extension plpython3u
create foreign table f (a int) server s
alter system set archive_command = 'sh'
alter role reader superuser
alter database shop set x = 'y'
set role postgres
set session authorization boss
set local statement_timeout = 0
reassign owned by reader to boss
select repeat('x', 1000000000)
select lpad('x', 1000000000, 'y')
select repeat('x', (select 1000000000))
select format('%1000000000s', 'x')
select format(name, 1) from customers
select * from customers fetch first 3 rows with ties
select * from customers limit (select 5)
select xmlparse(document '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>')
select * from xmltable('/a' passing xml '<a/>' columns a int)
select grouping_evil(1) from customers group by rollup (id)
values (pg_sleep(5))
values (1), ((select pg_sleep(5)))
select * from (values (pg_sleep(1))) v(a)
select array[pg_sleep(1)]
select interval '1 day' * pg_sleep(1)
select * from customers tablesample evil(1)
select * from customers tablesample system (pg_sleep(1))
select count(*) filter (where pg_sleep(1) is null) from customers
select string_agg(name, ',' order by pg_sleep(1)) from customers
select percentile_cont(0.5) within group (order by evil(id)) from customers
