select 'x' into #⏎ outfile '/tmp/x'
select 'x' into outfile '/tmp/x'
select 'x' into/**/outfile '/tmp/x'
select 'x' INTO OUTFILE '/tmp/x' fields terminated by ','
select 'x' into dumpfile '/tmp/x'
select 'x' from customers into outfile '/tmp/x'
select * from customers limit 1 into outfile '/tmp/x'
select id into @x from customers
select id, name into @x, @y from customers limit 1
select id from customers into @x
select 1 /*!50000 into outfile '/tmp/x' */
select /*!50000 sleep(5) */
select /*! sleep(5), */ 1
select /*M!100000 sleep(5), */ 1
/*!50000 drop table victims */
select 1 /*!; drop table victims */
select 1 /*!99999 union select sleep(1) */
select /*+ set_var(max_execution_time = 0) */ 1
select /*+ max_execution_time(0) */ 1
select * from customers lock in share mode
select * from customers for update skip locked
select * from customers for share of customers
select * from customers procedure analyse()
select * from customers procedure analyse(10, 2000)
select sql_calc_found_rows * from customers
select * from other.t
select * from `other`.`t`
select * from other . t
select * from customers, other.t
select * from customers where id in (select a from other.t)
select (select a from other.t limit 1)
with a as (select * from other.t) select * from a
select 1 union select a from other.t
select * from mysql.user
select * from mysql.global_priv
select * from mysql.proc
select * from performance_schema.threads
select * from sys.version
select * from information_schema.processlist
select * from information_schema.user_privileges
select * from information_schema.global_variables
select * from information_schema.system_variables
select * from information_schema.session_status
select * from information_schema.files
select * from information_schema.innodb_trx
select * from information_schema.plugins
select nextval(counter)
select next value for shop.counter
select previous value for counter
select lastval(counter)
select setval(counter, 100)
select sleep(5) from customers
select SLEEP (5)
select sleep/**/(5)
select `sleep`(5)
select is_free_lock('x')
select is_used_lock('x')
select release_lock('x')
select release_all_locks()
select get_lock('x', -1)
select master_pos_wait('x', 1)
select master_gtid_wait('0-1-1')
select source_pos_wait('x', 1)
select wait_for_executed_gtid_set('x')
select load_file(0x2f6574632f706173737764)
select hex(load_file('/etc/passwd'))
select last_insert_id(5)
select row_count()
select found_rows()
select uuid_short()
select name_const('x', sleep(1))
select sys_exec('id')
select sys_eval('id')
select lib_mysqludf_sys_info()
select encrypt('x')
select des_encrypt('x')
select wsrep_last_seen_gtid()
select @@global.secure_file_priv
select @@datadir
select @@session.sql_mode
select @a := @a + 1 from customers
select @a := sleep(1)
select * from customers where (@x := id) > 0
select _utf8'x'
select _gbk'x'
select repeat('x', 4294967295)
select lpad('x', 4294967295, 'y')
select space(4294967295)
select repeat('x', id * 1000000) from customers
select rpad('x', @n, 'y')
select if(1, sleep(5), 0)
select ifnull(sleep(5), 0)
select elt(1, sleep(5))
select * from customers where id = 1 and sleep(5)
select * from customers where id = 1 or benchmark(1000000000, sha1('x'))
select group_concat(sleep(1)) from customers
select group_concat(name order by sleep(1)) from customers
select * from customers where name regexp sleep(1)
select * from customers where match(name) against (sleep(1))
select date_add(now(), interval sleep(1) day)
select extract(day from sleep(1))
select values(id) from customers
select default(id) from customers
select json_table('[1]', '$[*]' columns (a int path '$'))
select * from json_table('[1]', '$[*]' columns (a int path '$')) t
handler customers open
handler customers read first
replace into victims values (1, 'x')
insert ignore into victims values (1, 'x')
insert into victims values (1, 'x') on duplicate key update name = 'y'
insert delayed into victims values (1, 'x')
update low_priority victims set name = 'x'
delete quick from victims
load data local infile '/etc/passwd' into table victims
load xml infile '/etc/passwd' into table victims
rename table victims to martyrs
optimize table victims
repair table victims
check table victims
checksum table victims
flush tables
flush tables with read lock
flush privileges
reset query cache
reset master
purge binary logs to 'x'
change master to master_host = 'evil'
start slave
stop slave
install plugin x soname 'evil.so'
install soname 'evil.so'
uninstall plugin x
create function f returns string soname 'evil.so'
create definer = root@localhost procedure p() select 1
create event e on schedule every 1 second do delete from victims
create server s foreign data wrapper mysql options (host 'evil')
drop user reader@localhost
set global general_log = 1
set global general_log_file = '/tmp/x.php'
set session transaction read write
set @x = 1
set password = password('x')
set sql_mode = ''
set statement max_statement_time = 0 for select 1
signal sqlstate '45000'
get diagnostics @x = number
xa start 'x'
binlog 'x'
cache index customers in hot
begin not atomic delete from victims; end
delimiter //
help 'select'
show grants
show processlist
show create table victims
show full columns from customers
show global variables like 'datadir'
table mysql.user
do sleep(5)
do release_lock('x')
explain extended select 1
explain format=json select 1
analyze format=json select 1
describe select 1
select * from customers limit 5, (select 1)
select * from customers partition (sleep(1))
select 1 -- ⏎ into outfile '/tmp/x'
select 1 #⏎; drop table victims
select '\'; drop table victims; -- '; drop table victims
