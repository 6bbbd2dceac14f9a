select 1
select 1;
SELECT 1 AS one, 2 AS two
select * from customers
select id, name from customers order by name
select c.* from customers c
select distinct city from customers
select count(*) from orders
select count(distinct customer_id) from orders
select sum(total), avg(total), min(total), max(total) from orders
select customer_id, sum(total) as spent from orders group by customer_id having sum(total) > 1
select * from customers where id = 1 and name = 'Ada'
select * from customers where id in (1, 2, 3) or city is null
select * from customers where id not in (select customer_id from orders)
select * from customers where city is not null and not id = 2
select * from customers where id between 1 and 2
select * from customers where name like 'A%'
select * from customers where name like '%!%%' escape '!'
select c.name, o.total from customers c join orders o on o.customer_id = c.id
select c.name, o.total from customers c left join orders o on o.customer_id = c.id where o.id is null
select a.id, b.id from customers a cross join customers b
select a.id, b.id from customers a, customers b where a.id < b.id
select case when total > 50 then 'big' when total > 5 then 'middling' else 'small' end as size from orders
select case city when 'London' then 1 else 0 end from customers
select coalesce(city, 'nowhere'), nullif(name, 'Ada') from customers
select cast(total as int) from orders
select upper(name), lower(name), replace(name, 'a', 'b') from customers
select abs(-5), round(3.14159, 2)
select -1, - 2, +3, 1 + 2 * 3 - 4 / 2
select 7 % 3
select (1 + 2) * 3 as total
select name from customers union select city from customers
select id from customers union all select id from orders
select id from customers intersect select customer_id from orders
select id from customers except select customer_id from orders
with big as (select * from orders where total > 50) select * from big
with a as (select 1 as x), b as (select x + 1 as y from a) select x, y from a, b
with a(x, y) as (select id, name from customers) select y from a where x = 1
select * from (select id, name from customers) as t where t.id > 1
select * from (select customer_id, count(*) as n from orders group by customer_id) t where n > 1
select name, (select count(*) from orders o where o.customer_id = c.id) as n from customers c
select * from customers c where exists (select 1 from orders o where o.customer_id = c.id)
select id, row_number() over (order by total desc) as place from orders
select id, rank() over (partition by customer_id order by total) from orders
select id, sum(total) over (partition by customer_id order by id rows between unbounded preceding and current row) from orders
select id, lag(total) over (order by id), lead(total, 1) over (order by id) from orders
select id, first_value(total) over (order by id) from orders
select id, ntile(2) over (order by id), dense_rank() over (order by paid) from orders
select 'insert into victims values (1); drop table victims; --' as text
select 'it''s', '', ' '
select 'delete from x', 'update', 'EXEC xp_cmdshell', 'pg_sleep(5)', '/* no */', '-- no', '# no'
select 'a;b', 'c{d}e', 'f?g', '@x', ':y', '$1', 'into outfile'
select 'select * from victims for update' as "for update"
select "name" as "drop table victims" from customers
select 1 as "insert", 2 as "delete", 3 as "into"
select 1 as "a;b--c/*d*/"
select 1 /* delete from victims */ + 2
select 1 -- drop table victims
select /* into outfile '/tmp/x' */ name from customers -- ; delete
-- drop table victims⏎select 1
/* delete; */ select 1 /* drop; */
select name⏎from customers⏎where id = 1⏎order by name
select updated, deleted, inserted from (select 1 as updated, 2 as deleted, 3 as inserted) t
select created_at from (select 1 as created_at) x
select * from paid_orders
select 'Zoë', 'naïve', '日本語', '😀'
select name from customers where name = 'Zoë; --'
select length, call_count, executed from (select 1 as length, 2 as call_count, 3 as executed) t
select null
select 1.5, 1e3, 0.001
