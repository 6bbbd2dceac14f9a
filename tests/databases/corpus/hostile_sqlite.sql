pragma journal_mode = delete
pragma query_only = off
pragma writable_schema = on
pragma user_version = 5
pragma foreign_keys = off
pragma database_list
pragma table_info(customers)
pragma main.user_version
pragma temp_store_directory = '/tmp'
attach '/tmp/evil.db' as evil
attach ':memory:' as m
attach database 'file:/etc/passwd?mode=ro' as p
detach evil
vacuum into '/tmp/copy.db'
vacuum main
vacuum main into '/tmp/copy.db'
reindex
reindex customers
reindex by_customer
analyze
analyze main
analyze customers
analyze sqlite_master
begin immediate
begin exclusive
begin deferred transaction
end
end transaction
commit transaction
release x
replace into victims values (1, 'x')
insert or replace into victims values (1, 'x')
insert or ignore into victims values (1, 'x')
insert into victims default values
insert into victims values (1, 'x') on conflict do nothing
insert into victims values (1, 'x') on conflict (id) do update set name = 'y' returning *
insert into victims values (9, 'x') returning id
update or ignore victims set name = 'x'
update or replace victims set id = 1
update victims set name = 'x' from customers where victims.id = customers.id
update victims set name = 'x' returning *
delete from victims returning *
delete from victims order by id limit 1
delete from sqlite_master
update sqlite_master set sql = 'x'
insert into sqlite_sequence values ('x', 1)
create virtual table v using fts5(a)
create virtual table v using csv(filename = '/etc/passwd')
create virtual table temp.v using dbstat
create temp table t2 as select 1
create temp view v2 as select 1
create temp trigger t after insert on victims begin select 1; end
create table if not exists t2 (a)
create table t2 (a) strict
create table t2 (a) without rowid
create trigger t before update on victims begin delete from customers; end
drop trigger t
drop table main.victims
drop view if exists paid_orders
alter table victims rename column name to x
alter table main.victims add column x
explain query plan select 1
explain query plan delete from victims
explain select * from customers
select load_extension('/tmp/evil')
select load_extension('/tmp/evil', 'entry')
select LOAD_EXTENSION ('x')
select load_extension/**/('x')
select "load_extension"('x')
select [load_extension]('x')
select `load_extension`('x')
select readfile('/etc/passwd')
select writefile('/tmp/x', 'y')
select * from fsdir('/')
select name from fsdir('/etc')
select edit('x', 'vi')
select fts3_tokenizer('simple')
select fts3_tokenizer('simple', x'4141414141414141')
select hex(fts3_tokenizer('simple'))
select sqlite_compileoption_get(1)
select sqlite_compileoption_used('ENABLE_FTS3')
select sqlite_source_id()
select sqlite_log(1, 'x')
select sqlite_offset(id) from customers
select sqlite_rename_column('x', 1)
select sqlite_drop_column(1, 'x', 1)
select last_insert_rowid()
select total_changes()
select randomblob(1000000000)
select zeroblob(1000000000)
select hex(zeroblob(1000000000))
select hex(randomblob(100000))
select printf('%.1000000000c', 'x')
select printf('%1000000000d', 1)
select printf('%*d', 1000000000, 1)
select format('%01000000000d', 1)
select printf(name, 1) from customers
select printf('%' || '1000000000d', 1)
select raise(abort, 'x')
select raise(ignore)
select raise(rollback, 'x')
select eval('drop table victims')
select eval('select 1', ',')
select exec('x')
select shell('id')
select system('id')
select http_get('http://evil/')
select crypto_key('x')
select sqlcipher_export('x')
select icu_load_collation('x', 'y')
select spellfix1_editdist('a', 'b')
select rtreecheck('x')
select rtreenode(2, x'00')
select matchinfo(x) from y
select fts5_source_id()
select fts5(1)
select geopoly_blob('x')
select * from sqlite_dbpage
select * from sqlite_dbdata('main')
select * from sqlite_dbptr('main')
select * from sqlite_stmt
select * from sqlite_memstat
select * from sqlite_temp_master
select * from temp.sqlite_master
select * from temp.x
select * from evil.customers
select * from other.customers
select * from "evil"."customers"
select * from dbstat
select * from bytecode('select 1')
select * from tables_used('select 1')
select * from completion('x')
select * from pragma_database_list
select * from pragma_database_list()
select file from pragma_database_list
select * from pragma_compile_options
select * from pragma_compile_options()
select * from pragma_function_list
select * from pragma_function_list()
select * from pragma_module_list
select * from pragma_journal_mode('wal')
select * from pragma_user_version
select * from pragma_integrity_check
select * from pragma_optimize
select * from pragma_query_only('off')
select * from csv('/etc/passwd')
select * from zipfile('/tmp/x.zip')
select * from lsdir('/')
select * from customers where name match load_extension('x')
select * from customers where name regexp load_extension('x')
select * from customers where name like load_extension('x')
select * from customers where id in (select load_extension('x'))
select iif(1, load_extension('x'), 0)
select coalesce(load_extension('x'), 1)
select json_extract(readfile('/etc/passwd'), '$')
select group_concat(readfile(name)) from customers
select (select readfile('/etc/passwd'))
with recursive c(n) as (select readfile('/x') union all select n from c) select * from c
with c as (select zeroblob(1000000000)) select * from c
select sum(writefile('/tmp/x', name)) over () from customers
select sum(id) filter (where writefile('/tmp/x', name)) from customers
values (load_extension('x'))
values (1), (readfile('/etc/passwd'))
select * from (values (writefile('/tmp/x', 'y')))
select $name
select @name
select ?1
select :name, 1
select * from customers limit :n
select * from customers limit (select 5)
select * from customers limit 1 + 1
