# DECLARE reads no row; what a row fails with comes with FETCH, and with COMMIT where the cursor stays
insert into events (stream, type, payload) values ('held-1', 'A', '1')
begin
declare c cursor for select k, count(*) from events, jsonb_object_keys(payload) k where stream like 'held-%' group by k order by k
fetch 1 from c
rollback
begin
declare c cursor with hold for select k, count(*) from events, jsonb_object_keys(payload) k where stream like 'held-%' group by k order by k
commit
fetch 1 from c
declare c cursor with hold for select k, count(*) from events, jsonb_object_keys(payload) k where stream like 'held-%' group by k order by k
fetch 1 from c
begin
insert into events (stream, type, payload) values ('held-2', 'A', '2')
declare c cursor with hold for select k, count(*) from events, jsonb_object_keys(payload) k where stream like 'held-%' group by k order by k
select count(*) from events where stream = 'held-2'
commit
select count(*) from events where stream = 'held-2'
begin
declare c scroll cursor with hold for select version from events where stream = 'held-1'
commit
fetch all from c
fetch backward all from c
close c
# a cursor that outlives its transaction has rows of its own: the time, and what is volatile, is told the same each time
begin
declare c scroll cursor with hold for select now() = (select max(x) from (values (now())) v(x)) as same, g from generate_series(1, 4) g
fetch 2 from c
commit
fetch first from c
fetch relative 2 from c
fetch backward all from c
set timezone = 'Asia/Tokyo'
close c
declare c scroll cursor with hold for select timestamptz '2024-01-01 00:00:00+00' as at, timestamptz '2024-01-01 00:00:00+00'::text as told
set timezone = 'UTC'
fetch first from c
fetch absolute 1 from c
close c
# of long ones too
begin
declare c scroll cursor with hold for select g, repeat('x', 100) as x from generate_series(1, 100000) g
fetch 1 from c
commit
move 70000 from c
fetch 2 from c
fetch backward 2 from c
fetch first from c
fetch absolute 70001 from c
fetch last from c
fetch relative -99998 from c
close c
# a later row's error comes with COMMIT
begin
insert into events (stream, type, payload) values ('held-3', 'A', '{"a": 0}')
declare c cursor with hold for select 1 / (3 - g) from generate_series(1, 5) g
commit
select count(*) from events where stream = 'held-3'
# going back, by steps of all sizes
begin
declare c scroll cursor for select g, repeat('x', g) as x from generate_series(1, 2500) g
move last from c
fetch backward 0 from c
move backward 1 in c
fetch backward 3 from c
fetch next from c
fetch relative 0 from c
move backward 1100 in c
fetch 2 from c
fetch prior from c
fetch backward 2 from c
fetch backward 0 from c
fetch forward 2 from c
move backward all in c
fetch backward 2 from c
fetch next from c
move forward 1500 in c
move backward 1500 in c
fetch backward 0 from c
fetch absolute 1200 from c
fetch backward 1300 from c
fetch next from c
commit
begin
declare c scroll cursor for select g, repeat('y', 100000) as y from generate_series(1, 12) g
move last from c
fetch backward 5 from c
fetch next from c
fetch backward all from c
fetch next from c
commit
begin
declare c no scroll cursor for select g from generate_series(1, 5) g
fetch 3 from c
fetch backward 1 from c
rollback
