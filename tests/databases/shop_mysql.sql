create table customers (id integer primary key, name varchar(100) not null, city varchar(100), born date, note text, fulltext (name));
create table orders (id integer primary key, customer_id integer not null, placed datetime not null,
  total decimal(10, 2) not null, paid boolean not null default false, key by_customer (customer_id),
  foreign key (customer_id) references customers (id));
create table `order lines; drop` (id integer primary key, `select` varchar(100), `from` integer);
insert into customers values
  (1, 'Ada', 'London', '1815-12-10', '{"vip": true, "langs": ["en", "fr"], "n": 3}'),
  (2, 'Grace', 'New York', '1906-12-09', '{"vip": false, "langs": ["en"], "n": 1}'),
  (3, 'Linus', 'Helsinki', '1969-12-28', null), (4, 'Zoë; --', null, null, '{}');
insert into orders values (1, 1, '2024-01-02 03:04:05', 10.50, true), (2, 1, '2024-02-03 10:00:00', 99.99, false),
  (3, 2, '2024-02-29 23:59:59', 0.01, true), (4, 3, '2024-03-01 00:00:00', 1000.00, true);
insert into `order lines; drop` values (1, 'update t set x = 1', 7), (2, 'it''s', 8);
create view paid_orders as select * from orders where paid;
create table victims (id integer primary key, name varchar(100));
insert into victims values (1, 'alive');
create sequence counter;
