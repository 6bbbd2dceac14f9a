select 1 where 1 = 1 and (2 > 1 or 3 <> 4)
select null is null, true and false, not true
values (1, 'a'), (2, 'b')
select * from (values (1, 'a'), (2, 'b'))
select 'a' || 'b' || 1
select [name], `city`, "id" from customers
select [select] from [order lines; drop]
select * from main.customers
select rowid, oid, _rowid_ from customers
select typeof(1), typeof('a'), typeof(null), typeof(x'00')
select x'00ff', X'1F', hex('abc'), unicode('a'), char(65, 66), quote('it''s')
select length('abc'), substr('abcdef', 2, 3), substring('abcdef', 2), instr('abc', 'c'), trim('  a '), ltrim('xa', 'x'), rtrim('ax', 'x')
select ifnull(null, 1), iif(1, 'y', 'n'), coalesce(null, 2), nullif(1, 1)
select 1 isnull, 2 notnull, 3 not null
select 1 == 1, 1 != 2, 1 <> 2, 5 & 3, 5 | 3, ~5, 1 << 2, 8 >> 1
select 1 is 1, 1 is not 2, null is not 1
select name glob 'A*', name not like 'x%' from customers
select city collate nocase from customers order by city collate nocase desc
select cast('5' as integer), cast(5 as text), cast('1.5' as real), cast('a' as blob)
select date('2024-01-01', '+1 day'), datetime('2024-01-01'), time('10:00'), julianday('2024-01-01'), strftime('%Y', '2024-01-01')
select date('now') is not null, unixepoch('2024-01-01'), current_date is not null, current_timestamp is not null
select date(placed, 'start of month', '+1 month', '-1 day') from orders
select group_concat(name, '; '), group_concat(name) from customers
select group_concat(distinct city) from customers
select total(total), count(*), sum(total) filter (where paid) from orders
select min(1, 2), max(1, 2, 3), abs(-1), round(1.567, 2), sign(-2)
select random() is not null, printf('%05d %s %.2f', 5, 'a', 1.5), format('%d', 1)
select json_extract(note, '$.vip'), json_extract(note, '$.langs[0]') from customers
select note ->> '$.vip', note -> '$.langs' from customers
select json_array_length(note, '$.langs'), json_type(note), json_valid(note) from customers
select json_object('a', 1), json_array(1, 2, 'x'), json('{"a": 1}'), json_quote('x')
select json_set('{"a": 1}', '$.b', 2), json_remove('{"a": 1}', '$.a'), json_patch('{"a": 1}', '{"b": 2}')
select json_group_array(name), json_group_object(name, id) from customers
select e.key, e.value from customers c, json_each(c.note) e
select value from json_each('[1, 2, 3]')
select fullkey, atom from json_tree('{"a": {"b": 1}}')
select j.value from json_each('["x", "y"]') as j where j.key = 1
select name, type from sqlite_master order by name
select name from sqlite_schema where type = 'table'
select sql from main.sqlite_master where name = 'customers'
select name, type, pk from pragma_table_info('customers')
select p.name from pragma_table_info('orders') p
select m.name, p.name from sqlite_master m join pragma_table_info(m.name) p where m.type = 'table'
select name from pragma_index_list('orders')
select "table", "from", "to" from pragma_foreign_key_list('orders')
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select sum(i) from n
with recursive n(i) as (select 1 union select i + 1 from n where i < 5 limit 3) select * from n
with recursive t(id, path) as (select id, name from customers where id = 1 union all select c.id, t.path || '/' || c.name from customers c join t on c.id = t.id + 1) select path from t
with a as materialized (select 1) select * from a
with a as not materialized (select 1) select * from a
select * from orders indexed by by_customer where customer_id = 1
select * from orders not indexed
select sum(total) over (partition by customer_id order by id) from orders
select row_number() over win from orders window win as (order by total)
select sum(id) over (order by id rows between 1 preceding and 1 following) from orders
select sum(id) over (order by id groups between 1 preceding and current row) from orders
select nth_value(total, 2) over (order by id), percent_rank() over (order by total), cume_dist() over (order by total) from orders
select id, count(*) filter (where paid) over (order by id) from orders
select * from customers limit 2
select * from customers limit 2 offset 1
select * from customers limit 1, 2
select * from customers order by city nulls last, name
select a.id from customers a join customers b using (id)
select a.id from customers a natural join (select 1 as id) b
select * from customers a left outer join orders b on a.id = b.customer_id and b.paid
select a.id, b.id from customers a inner join orders b on a.id = b.customer_id
select (1, 'a') = (1, 'a'), (1, 2) < (1, 3)
select * from customers where (id, name) in (values (1, 'Ada'), (2, 'Grace'))
select * from customers where id in (select customer_id from orders where paid)
select exists (select 1), not exists (select 1)
select max(total), customer_id from orders group by 2
select likely(1), unlikely(0), likelihood(1, 0.5)
select replace('abc', 'b', 'X'), upper('a'), lower('A'), soundex('Ada') is not null
select sqlite_version() is not null
select 1 as a, 2 as b union all select 3, 4 order by a desc
select 1 union select 2 union all select 3 except select 2
select case when 1 then 'a' end, case 2 when 1 then 'x' when 2 then 'y' end
select "no such column", 'literal'
select -9223372036854775807, 9007199254740993, 0x1F
select not 1, - - 1, + 1, -(-1)
select name from customers where id = '1' or id = 1.0
select distinct paid from orders order by 1
select count(*) as "count(*)" from orders
select * from (select 1 as a) t1 join (select 1 as b) t2 on t1.a = t2.b
select cast(1 as int) / 2, 1.0 / 2, 7 / 2, 7 % 2
select "select", "from" from "order lines; drop"
select t."select" from "order lines; drop" t where t."from" > 7
