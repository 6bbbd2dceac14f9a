select 1 where 1 = 1 and (2 > 1 or 3 <> 4)
select top 5 * from customers
select top (5) * from customers order by id
select top 10 percent * from customers
select top 3 with ties * from orders order by total
select distinct top 2 city from customers
select * from customers order by id offset 1 rows
select * from customers order by id offset 1 rows fetch next 2 rows only
select [name], [city] as [drop table] from [customers]
select [select], [from] from [order lines; drop]
select 1 as [a;b--c/*d*/]
select [x]]y] from (select 1 as [x]]y]) t
select * from dbo.customers
select * from [dbo].[customers] as [c]
select * from shop.dbo.customers
select * from [shop].[dbo].[customers]
select * from shop..customers
select N'unicode', N'it''s', 'delete from t'
select 'a' + 'b' + cast(1 as varchar(10))
select isnull(city, 'x'), coalesce(city, name), nullif(name, 'Ada') from customers
select iif(total > 50, 'big', 'small'), choose(2, 'a', 'b') from orders
select len(name), datalength(name), left(name, 2), right(name, 2), substring(name, 2, 3) from customers
select charindex('a', name), patindex('%a%', name), stuff(name, 1, 1, 'X'), replicate('ab', 3) from customers
select ltrim(rtrim(name)), trim(name), reverse(name), upper(name), quotename(name) from customers
select concat(name, '-', city), concat_ws(', ', name, city), string_agg(name, ', ') from customers group by name, city
select string_agg(name, ', ') within group (order by name desc) from customers
select value from string_split('a,b,c', ',')
select s.value from customers cross apply string_split(customers.name, ' ') s
select getdate(), getutcdate(), sysdatetime(), sysutcdatetime(), current_timestamp
select dateadd(day, 1, placed), datediff(hour, placed, getdate()), datepart(year, placed), datename(month, placed) from orders
select year(placed), month(placed), day(placed), eomonth(placed) from orders
select convert(varchar(10), placed, 120), convert(date, placed), try_convert(int, 'x') from orders
select cast(total as decimal(10, 2)), try_cast('x' as int), cast(name as nvarchar(max)) from customers, orders
select format(total, 'N2'), str(total, 10, 2), parsename('a.b', 1) from orders
select datefromparts(2024, 1, 2), datetimefromparts(2024, 1, 2, 3, 4, 5, 0), switchoffset(sysdatetimeoffset(), '+00:00')
select placed at time zone 'UTC' from orders
select round(1.567, 2), ceiling(1.2), floor(1.7), power(2, 3), sqrt(16), square(3), sign(-1), abs(-1), pi(), rand(1)
select newid(), checksum('a'), hashbytes('SHA2_256', 'x'), isnumeric('1'), isdate('2024-01-01')
select 7 % 3, 5 & 3, 5 | 3, 5 ^ 3, ~5
select * from customers with (nolock)
select * from customers c (nolock)
select s.part from string_split('a,b', ',') as s (part)
select * from customers c with (nolock) join orders o with (nolock, readpast) on o.customer_id = c.id
select * from customers with (readuncommitted)
select * from customers with (noexpand)
select * from customers c cross apply (select top 1 * from orders o where o.customer_id = c.id order by total desc) o
select * from customers c outer apply (select count(*) as n from orders o where o.customer_id = c.id) o
select a.id, b.id from customers a full outer join orders b on a.id = b.customer_id
select a.id, b.id from customers a right join orders b on a.id = b.customer_id
with n as (select 1 as i union all select i + 1 from n where i < 10) select sum(i) from n
with a as (select id, row_number() over (order by id) as r from customers) select * from a where r between 1 and 2
select sum(total) over (partition by customer_id order by id rows between unbounded preceding and current row) from orders
select percentile_cont(0.5) within group (order by total) over (partition by customer_id) from orders
select customer_id, paid, sum(total) from orders group by grouping sets ((customer_id), (paid), ())
select customer_id, paid, sum(total) from orders group by rollup (customer_id, paid)
select customer_id, paid, sum(total) from orders group by cube (customer_id, paid)
select count_big(*), stdev(total), var(total), varp(total), checksum_agg(id) from orders
select json_value(note, '$.vip'), json_query(note, '$.langs'), isjson(note) from customers
select * from openjson('[1, 2]')
select j.[key], j.value from customers c cross apply openjson(c.note) j
select * from openjson('{"a": 1}') with (a int '$.a')
select name collate Latin1_General_CI_AS from customers order by name collate Latin1_General_CI_AS
select * from customers where name collate Latin1_General_BIN = 'Ada'
select table_name from information_schema.tables where table_type = 'BASE TABLE'
select column_name, data_type from INFORMATION_SCHEMA.COLUMNS where table_name = 'orders'
select name from sys.tables
select c.name, t.name from sys.columns c join sys.types t on t.user_type_id = c.user_type_id
select object_name(object_id), definition from sys.sql_modules
select i.name from sys.indexes i where i.object_id = object_id('dbo.customers')
select db_name(), schema_name(), user_name(), suser_sname(), host_name(), original_login()
select object_definition(object_id('dbo.paid_orders')), col_length('orders', 'id')
select 0x1F, 1.5e3, $10
select case when total > 5 then 1 else 0 end as x from orders
select name = 'Ada', n = 1 from (select 1 as a) t
select x = id from customers
select * from (values (1, 'a'), (2, 'b')) as v(n, t)
select * from customers where name like '[A-C]%' and name not like '%[0-9]%'
select * from customers where id >= any (select customer_id from orders)
select * from customers where id > all (select 0)
select id from customers union select id from orders order by id
select * from customers where exists (select * from orders where orders.customer_id = customers.id)
select p.* from (select paid, total from orders) s pivot (sum(total) for paid in ([0], [1])) p
select approx_count_distinct(customer_id), grouping(paid) from orders group by paid
select datetrunc(month, placed), date_bucket(week, 1, placed) from orders
select translate('abc', 'ab', 'xy'), space(3), unicode('a'), nchar(65), ascii('A'), char(65), soundex('a'), difference('a', 'b')
select lag(total, 1, 0) over (order by id), lead(total) over (order by id), ntile(4) over (order by id) from orders
select * from #scratch
select try_convert(datetime2, '2024-01-01', 126), cast('2024-01-01' as datetimeoffset)
select sum(case when paid = 1 then total end) as paid_total from orders
select "select", "from" from "order lines; drop"
select t."select" from "order lines; drop" t where t."from" > 7
