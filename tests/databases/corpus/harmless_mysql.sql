select 1 where 1 = 1 and (2 > 1 or 3 <> 4)
select null is null, true and false, not true
select 1 from dual
select concat('a', 'b', 1), concat_ws('-', 1, 2, null)
select `name` as `drop table` from `customers`
select `select`, `from` from `order lines; drop`
select 1 as `a;b--c/*d*/#e`
select 'a\'b', 'c\\d', 'e\nf', 'tab\there', '100\%'
select "double 'quoted'", 'single "quoted"'
select 'a' 'b'
select name # delete from victims⏎from customers
select 1 # into outfile '/tmp/x'
select 1 /* ! not executed */
select '/*! sleep(1) */'
select now() is not null, curdate() is not null, current_timestamp is not null
select date_add(placed, interval 1 day), date_sub(placed, interval 2 hour) from orders
select placed + interval 1 month from orders
select date_format(placed, '%Y-%m-%d %H:%i:%s'), str_to_date('2024-01-02', '%Y-%m-%d') from orders
select year(placed), month(placed), day(placed), hour(placed), dayofweek(placed), weekday(placed) from orders
select datediff('2024-02-01', '2024-01-01'), timestampdiff(day, '2024-01-01', '2024-02-01')
select timestampadd(hour, 3, '2024-01-01 00:00:00'), last_day('2024-02-03'), makedate(2024, 32)
select unix_timestamp('2024-01-01 00:00:00'), from_unixtime(0) is not null
select extract(year_month from placed), quarter(placed), yearweek(placed) from orders
select if(total > 50, 'big', 'small'), ifnull(null, 1) from orders
select group_concat(name order by name separator '; ') from customers
select group_concat(distinct city order by city desc separator '|') from customers
select customer_id, sum(total) from orders group by customer_id with rollup
select name regexp '^A', name rlike 'a$', name not regexp 'x' from customers
select name sound from (select name as sound, name from customers) x
select match(name) against ('Ada') from customers
select name from customers where match(name) against ('+Ada' in boolean mode)
select json_extract(note, '$.vip'), json_unquote(json_extract(note, '$.langs[0]')) from customers
select json_length(note, '$.langs'), json_keys(note), json_valid(note) from customers
select json_object('a', 1, 'b', json_array(1, 2))
select json_contains(note, 'true', '$.vip') from customers where note is not null
select substring_index('a.b.c', '.', 2), substring('abcdef', 2, 3), substring('abcdef' from 3), mid('abc', 2, 1)
select locate('b', 'abc'), instr('abc', 'c'), position('a' in 'abc'), field('b', 'a', 'b'), find_in_set('b', 'a,b'), elt(2, 'x', 'y')
select trim(both 'x' from 'xax'), trim(leading '0' from '007'), lpad('a', 3, '-'), rpad('a', 3, '-'), repeat('ab', 3), space(2)
select char_length('日本'), length('日本'), hex('abc'), unhex('616263'), ascii('a'), ord('a'), char(65, 66)
select md5('x'), sha1('x'), sha2('x', 256), crc32('x'), to_base64('abc')
select cast('5' as signed), cast('2024-01-01' as date), cast(1 as char), cast(5 as decimal(10, 2)), convert('5', unsigned)
select convert('abc' using utf8mb4)
select binary 'a' = 'A', 'a' collate utf8mb4_bin = 'A'
select 7 div 2, 7 mod 2, 7 % 2, 5 & 3, 5 | 3, 5 ^ 3, ~0, 1 << 2, 8 >> 1
select 1 xor 0, 1 && 0, 1 <=> null, !0, 1 != 2
select greatest(1, 2, 3), least(1, 2, 3), truncate(1.579, 1), ceil(1.2), floor(1.7), sign(-2), pow(2, 3), sqrt(16), pi()
select rand(1), round(2.5), mod(7, 3), conv('ff', 16, 10), bin(5), oct(8)
select * from customers limit 2
select * from customers limit 1, 2
select * from customers limit 2 offset 1
select * from customers order by city is null, city, name desc
select * from customers where (id, name) in ((1, 'Ada'), (2, 'Grace'))
select * from orders use index (by_customer) where customer_id = 1
select * from orders force index (by_customer) where customer_id = 1
select * from orders ignore index (by_customer) where customer_id = 1
select * from shop.customers
select shop.customers.name from shop.customers
select * from customers a straight_join orders b on a.id = b.customer_id
select a.id from customers a join customers b using (id)
select a.id from customers a natural join (select 1 as id) b
select a.id, b.id from customers a right join orders b on a.id = b.customer_id
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select sum(i) from n
select id, sum(total) over w from orders window w as (partition by customer_id order by id)
select id, percent_rank() over (order by total), cume_dist() over (order by total) from orders
select distinctrow city from customers
select all city from customers
select exists (select 1), 1 in (1, 2), 2 not in (1)
select x'1f', 0x1f, b'101'
select table_name from information_schema.tables where table_schema = 'shop' order by 1
select column_name, column_type from information_schema.columns where table_schema = 'shop' and table_name = 'orders'
select index_name from information_schema.statistics where table_name = 'orders'
select database(), schema(), version() is not null, user() is not null, current_user() is not null
select std(total), stddev_pop(total), var_pop(total), bit_or(id), bit_and(id) from orders
select date '2024-01-01', time '10:00:00', timestamp '2024-01-01 00:00:00'
select paid is true, paid is not true, city is null from orders join customers on customers.id = orders.customer_id
select name from customers where name between 'A' and 'B' and city in ('London', 'Paris')
select count(distinct customer_id, paid) from orders
select strcmp('a', 'b'), reverse('abc'), quote('it''s'), soundex('Ada'), insert('abc', 2, 1, 'X'), format(1234.5, 2)
select inet_aton('1.2.3.4'), inet_ntoa(16909060), uuid() is not null
(select 1) union all (select 2) order by 1
select time_format('10:11:12', '%H'), sec_to_time(60), time_to_sec('00:01:00'), to_days('2024-01-01'), from_days(739252), dayname('2024-01-01')
select * from customers where id = 1 or id = 2 and not (id = 3)
select seq from seq_1_to_3
select lcase('A'), ucase('a'), left('abc', 2), right('abc', 1), ltrim(' a'), rtrim('a ')
