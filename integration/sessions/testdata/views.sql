# views and events of one transaction are there together, or not
begin
create view both_v as select stream, type from events where stream like 'both-%'
insert into events (stream, type) values ('both-1', 'A')
select * from both_v
commit
select * from both_v
begin
insert into events (stream, type) values ('both-2', 'B')
create or replace view both_v as select stream, type, version from events where stream like 'both-%'
select * from both_v order by stream
savepoint s
drop view both_v
select count(*) from events where stream like 'both-%'
select * from both_v
rollback to s
select * from both_v order by stream
rollback
select * from both_v
begin
insert into events (stream, type) values ('both-3', 'C')
drop view both_v
commit
select * from both_v
select count(*) from events where stream like 'both-%'
begin
insert into events (stream, type) values ('both-4', 'D')
create view both_w as select 1 as one
select 1/0
commit
select * from both_w
select count(*) from events where stream like 'both-%'
# what comes before BEGIN in one text belongs to the block
create view both_x as select 1 as one; begin; select * from both_x; commit
select * from both_x
create view both_y as select 1 as one; begin; rollback
select * from both_y
insert into events (stream, type) values ('both-5', 'E'); begin; create view both_z as select 1 as one; commit
select * from both_z
select count(*) from events where stream like 'both-%'
select 1; begin isolation level repeatable read; select 2; commit
rollback
set statement_timeout = '7s'; begin; rollback
show statement_timeout
drop view both_x
drop view both_z
# a view and events of one text are there together, whichever is last
create view both_p as select 1 as one; insert into events (stream, type) values ('both-6', 'F') returning version
select * from both_p
create view both_q as select 1 as one; insert into events (stream, type) values ('both-7', 'G') returning upper(type) || (select max(x)::text from (values (1)) v(x))
select * from both_q
create view both_r as select 1 as one; insert into events (stream, type) values ('both-8', (1/0)::text)
select * from both_r
select count(*) from events where stream like 'both-%'
declare c cursor with hold for select 1 / (2 - g) from generate_series(1, 3) g; insert into events (stream, type) values ('both-9', 'I')
select count(*) from events where stream like 'both-%'
drop view both_p
drop view both_q
