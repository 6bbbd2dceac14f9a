select 1 where 1 = 1 and (2 > 1 or 3 <> 4)
select null is null, true and false, not true
values (1, 'a'), (2, 'b')
select * from (values (1, 'a'), (2, 'b')) as v(n, t)
select 'a' || 'b', 'x' || 1
select '1'::int, '2024-01-01'::date + 1, 1::text
select now() is not null, current_date is not null, clock_timestamp() > '2000-01-01'
select current_user, session_user, current_database(), current_schema()
select date_trunc('month', placed), date_part('year', placed), extract(dow from placed) from orders
select placed + interval '1 day', placed - interval '2 hours' from orders
select age(timestamp '2024-01-01', timestamp '2023-01-01')
select to_char(placed, 'YYYY-MM-DD'), to_date('2024-01-02', 'YYYY-MM-DD') from orders
select placed at time zone 'UTC' from orders
select make_date(2024, 1, 2), make_interval(days => 3)
select name ilike 'a%', name ~ '^A', name ~* '^a', name !~ 'x' from customers
select name similar to 'A(d|x)a' from customers
select regexp_replace(name, 'a', 'b', 'g'), regexp_matches(name, 'a') from customers
select string_agg(name, ', ' order by name desc) from customers
select array_agg(id order by id), array_length(array_agg(id), 1) from customers
select tags[1], cardinality(tags), array_to_string(tags, '+') from customers
select * from customers where 'math' = any(tags)
select * from customers where tags @> array['math']
select * from customers where tags && array['navy', 'x']
select id = all(array[1]) from customers
select unnest(tags) from customers
select c.id, t.tag from customers c, unnest(c.tags) as t(tag)
select t.tag, t.n from unnest(array['a', 'b']) with ordinality as t(tag, n)
select x from generate_series(1, 3) x
select g.g from generate_series(1, 3) g
select d::date from generate_series(timestamp '2024-01-01', timestamp '2024-01-03', interval '1 day') d
select note->>'vip', note->'langs'->>0, note#>>'{langs,1}' from customers
select note @> '{"vip": true}' from customers
select jsonb_array_length(note->'langs') from customers where id = 1
select e.key, e.value from customers c, jsonb_each(c.note) e
select jsonb_build_object('a', 1, 'b', array[1, 2]), to_jsonb(row(1, 'x'))
select json_agg(c.name) from customers c
select row_to_json(o) from orders o where o.id = 1
select jsonb_path_query(note, '$.langs[*]') from customers
select count(*) filter (where paid), count(*) from orders
select percentile_cont(0.5) within group (order by total) from orders
select mode() within group (order by customer_id) from orders
select customer_id, paid, sum(total) from orders group by grouping sets ((customer_id), (paid), ())
select customer_id, paid, count(*) from orders group by rollup (customer_id, paid)
select customer_id, paid, count(*) from orders group by cube (customer_id, paid)
select distinct on (customer_id) customer_id, total from orders order by customer_id, total desc
select * from customers order by city nulls first, name desc
select * from customers limit 2 offset 1
select * from customers offset 1 limit 2
select * from customers fetch first 2 rows only
select c.name, l.total from customers c cross join lateral (select total from orders o where o.customer_id = c.id order by total desc limit 1) l
select c.name, l.n from customers c left join lateral (select count(*) as n from orders o where o.customer_id = c.id) l on true
select a.id from customers a join customers b using (id)
select id from customers natural join (select 1 as id) x
select a.id, b.id from customers a full outer join orders b on a.id = b.id
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select sum(i) from n
with a as materialized (select * from orders) select count(*) from a
with a as not materialized (select * from orders) select count(*) from a
select sum(total) over w, avg(total) over w from orders window w as (partition by customer_id)
select sum(id) over (order by id range between 1 preceding and 1 following) from orders
select is_it from (select paid is true as is_it from orders) x
select total is distinct from 10, total is not distinct from 10.50 from orders
select greatest(1, 2, 3), least(1, 2, 3)
select trim(both 'x' from 'xax'), trim(name), ltrim('  a'), substring('abcdef' from 2 for 3), position('b' in 'abc') from customers
select overlay('abcdef' placing 'X' from 2 for 1), left('abc', 2), right('abc', 1), lpad('a', 3, '-'), repeat('ab', 3)
select $$drop table victims; it's$$ as dollar
select $tag$delete from victims$tag$
select md5('x'), encode('abc'::bytea, 'hex'), sha256('x'::bytea)
select gen_random_uuid() is not null
select table_name from information_schema.tables where table_schema = 'public' order by 1
select column_name, data_type from information_schema.columns where table_name = 'orders'
select relname from pg_class where relkind = 'r' and relname = 'orders'
select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relname = 'orders'
select pg_get_viewdef('paid_orders'::regclass), pg_typeof(1)
select * from public.customers
select * from shop.public.customers
select * from only customers
select count(*) from orders tablesample system (100)
select cast('{1,2}' as int[]), array[[1, 2], [3, 4]]
select 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 2, 8 >> 1, 2 ^ 3
select to_tsvector('english', name) @@ to_tsquery('english', 'ada') from customers
select (select array_agg(id) from orders), exists (select 1)
select split_part('a,b,c', ',', 2), starts_with('abc', 'a'), initcap('a b')
select b'101', x'1f'
select case when id > 1 then 'y' end from customers group by id having count(*) = 1 order by id
select timestamp '2024-01-01 00:00:00', date '2024-01-01', time '10:00'
select (timestamp '2024-01-01', interval '1 day') overlaps (timestamp '2024-01-01', interval '2 days')
select format('%s is %s', 'a', 'b'), concat_ws('-', 1, 2)
select (1, 'a') = (1, 'a'), (1, 2) < (1, 3)
select * from customers where (id, name) in ((1, 'Ada'), (2, 'Grace'))
(select 1) union all (select 2) order by 1
select stddev(total), variance(total), corr(id, total) from orders
select width_bucket(5.5, 0, 10, 5), trunc(1.57), ceil(1.2), floor(1.7), mod(7, 3), power(2, 3), sqrt(16)
select "select", "from" from "order lines; drop"
select t."select" from "order lines; drop" t where t."from" > 7
