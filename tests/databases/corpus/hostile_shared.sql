insert into victims values (2, 'x')
insert into victims (id, name) select 3, 'y'
insert into victims select * from victims
update victims set name = 'x'
update victims set name = (select 'x') where id = 1
delete from victims
delete from victims where id in (select id from customers)
drop table victims
drop table if exists victims
drop view paid_orders
drop index by_customer
drop schema public
drop database shop
create table t2 (a int)
create table t2 as select * from customers
create view v2 as select * from customers
create or replace view v2 as select 1
create index i2 on customers (name)
create unique index i2 on customers (name)
create temporary table t2 (a int)
create function f() returns int as 'select 1'
create procedure p() begin select 1; end
create trigger t after insert on victims begin select 1; end
create user eve
create role eve
create schema evil
create sequence s2
alter table victims add column evil int
alter table victims rename to martyrs
alter table victims drop column name
alter user reader with password 'x'
truncate table victims
truncate victims
merge into victims v using customers c on v.id = c.id when matched then update set name = 'x'
grant all on victims to public
grant select on victims to reader
revoke all on victims from reader
begin
begin transaction
start transaction
commit
rollback
savepoint s
release savepoint s
rollback to savepoint s
set x = 1
set names utf8
set transaction isolation level serializable
use other
call p()
call p(1, 'x')
exec p
execute p
execute immediate 'drop table victims'
prepare p as select 1
deallocate p
declare x int
declare c cursor for select 1
open c
fetch next from c
close c
explain select 1
explain analyze select 1
explain analyze delete from victims
explain delete from victims
describe victims
desc victims
show tables
show variables
analyze victims
vacuum
reindex table victims
lock table victims
lock tables victims write
unlock tables
copy victims to '/tmp/x'
load data infile '/etc/passwd' into table victims
pragma writable_schema = 1
attach database '/tmp/evil.db' as evil
detach database evil
kill 1
shutdown
checkpoint
reset all
discard all
comment on table victims is 'x'
do $$ begin delete from victims; end $$
select 1; select 2
select 1; drop table victims
select 1; delete from victims; --
select 1 ; ; select 2
select 'a'; update victims set name = 'b'
; drop table victims; select 1
select 1 into evil
select * into evil from customers
select id, name into evil from victims where id = 1
select * from customers for update
select * from customers where id = 1 for update
select * from customers for share
with d as (delete from victims returning *) select * from d
with u as (update victims set name = 'x' returning id) select * from u
with i as (insert into victims values (5, 'x') returning id) select * from i
with a as (select 1) delete from victims
with a as (select 1) update victims set name = 'x'
with a as (select 1) insert into victims select 7, 'z'
with a as (select 1), d as (delete from victims returning *) select * from a, d
with a as (with d as (delete from victims returning *) select * from d) select * from a
select * from (delete from victims returning *) d
select * from (update victims set name = 'x' returning *) d
select (delete from victims returning id)
select * from customers where id in (delete from victims returning id)
select sleep(5)
select pg_sleep(5)
select benchmark(100000000, md5('x'))
select load_file('/etc/passwd')
select load_extension('/tmp/evil.so')
select xp_cmdshell('dir')
select pg_read_file('/etc/passwd')
select lo_import('/etc/passwd')
select evil(1)
select no_such_function()
select public.evil(1)
select a.b.c.evil(1)
select "pg_sleep"(1)
select get_lock('x', 100)
select nextval('counter')
select setval('counter', 1)
select set_config('x', 'y', false)
select dblink('host=evil', 'select 1')
select * from dblink('host=evil', 'select 1') as t(a int)
select * from openrowset('SQLNCLI', 'server=evil', 'select 1')
select * from openquery(evil, 'select 1')
select * from opendatasource('x', 'y').a.b.c
select * from victims where id = sleep(1)
select * from customers order by sleep(1)
select * from customers group by evil(id)
select count(*) from customers having sleep(1) > 0
select case when 1 = 1 then sleep(5) else 0 end
select coalesce(null, evil(1))
select (select sleep(1))
select * from customers c join orders o on evil(c.id) = o.id
select * from customers where exists (select evil(1))
select 1 union select sleep(1)
select 1 union all select * from (select evil(2)) x
select row_number() over (order by evil(1)) from customers
select sum(evil(id)) over (partition by id) from customers
select cast(evil(1) as int)
with a as (select evil(1)) select * from a
select * from evil(1)
select * from customers, evil(1) e
select * from srv.db.sch.tab
select * from a.b.c.d.e
select next value for counter
select @x
select @x := 1
select @@version
select :name
select ?
select * from customers where id = ?
select {fn now()} {fn evil()}
select
selec 1
select from where
select * from (select 1
select 'open
select ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
nonsense
'select 1'
