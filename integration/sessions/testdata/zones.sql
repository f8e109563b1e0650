# posix
set timezone='UTC+3'; select timestamptz '2024-07-01 12:00+00', timestamptz '2024-07-01 12:00'
set timezone='GMT-5:30'; select timestamptz '2024-07-01 12:00+00'
set timezone='FOO3BAR'; select timestamptz '2024-07-01 12:00+00', timestamptz '2024-01-01 12:00+00'
set timezone='foo3bar4,M3.2.0/2:30,M11.1.0'; select timestamptz '2024-07-01 12:00+00', '2024-03-10 02:30'::timestamptz
set timezone='<+03>-3<+04>,J60,300/1'; select t from (values (timestamptz '2024-07-01 12:00+00'), ('2024-02-01')) v(t)
set timezone='EST5EDT,M3.2.0/-3,M11.1.0/26:30:15'; select timestamptz '2024-03-10 04:00:00+00', timestamptz '2024-03-09 04:00:00+00'
show timezone
set timezone='+08:00'; select timestamptz '2024-07-01 12:00+00', now() at time zone '+08:00' = now() at time zone 'X8'
set timezone='=3'; select timestamptz '2024-07-01 12:00+00', length((timestamptz '2024-07-01 12:00+00')::text), extract(timezone from timestamptz '2024-07-01')
# refused
set timezone='UTC+'
set timezone='UTC3:'
set timezone='UTC3:70'
set timezone='A'
set timezone=''
set timezone='nosuch/place'
set timezone='right/UTC'
set timezone=':UTC'
set timezone='EST5EDT4,M3.2.0,M11.1.0x'
set timezone='EST5EDT4,M13.2.0,M11.1.0'
set timezone='EST5EDT,J0,J365'
set timezone='EST5EDT,366,1'
set timezone='168'
set timezone='nan'
set timezone='<a>b'
set timezone='local'
show timezone
# numbers and intervals
set time zone -8
show timezone
select timestamptz '2024-07-01 12:00+00'
set time zone 8.25
show timezone
set timezone='1e1'
show timezone
set timezone='0x10'
show timezone
set timezone='0'
show timezone
select timestamptz '2024-07-01 12:00+00'
set timezone='0.001'
show timezone
set timezone='interval ''3'''
show timezone
set timezone='interval ''3 days'''
set time zone interval '-08:00' hour to minute
show timezone
select timestamptz '2024-07-01 12:00+00', count(*) from (values (1)) v
set time zone interval '1 month'
set time zone interval '1 day'
set time zone interval '08:00:30'
show timezone
set time zone interval '08:00:30' hour to minute
show timezone
set time zone interval(3) '08:00:30'
set time zone interval '08:00' year
set time zone interval '08:00' hour to second
set time zone interval 'x' hour
set time zone local
show timezone
set time zone default
set time zone pst8pdt
show timezone
set time zone 'america/new_york'
show timezone
set timezone to america/new_york
set client_min_messages to warning; set time zone interval '+00:00' hour to minute
show timezone
# names that are abbreviations too
set timezone='CET'
select timestamptz '2024-07-01 12:00+00', t from (values (timestamptz '2024-07-01 12:00+00')) v(t)
select t at time zone 'CET', t at time zone 'Europe/Paris', date_trunc('day', t, 'CET'), date_trunc('day', t) from (values (timestamptz '2024-07-01 12:00+00')) v(t)
select timestamptz '2024-07-01 12:00 CET', v::timestamptz from (values ('2024-07-01 12:00 CET'), ('2024-07-01 12:00 Europe/Paris')) t(v)
select timestamptz '2024-07-01 12:00' at time zone '=UTC'
select timestamptz '2024-07-01 12:00' at time zone z from (values ('=UTC')) v(z)
select timestamptz '2024-07-01 12:00' at time zone z from (values ('=3'), ('iX3'), ('*3')) v(z)
select timestamptz '2024-07-01 12:00' at time zone '*00000UTC'
# scope
begin; set local timezone = 'UTC+3'
select timestamptz '2024-07-01 12:00+00'
commit
show timezone
begin; set timezone = 'UTC+3'; savepoint a; set timezone='Asia/Tokyo'; rollback to a
show timezone
rollback
show timezone
set timezone='Asia/Tokyo'
reset timezone
show timezone
# views keep their author's zone
set timezone='Asia/Tokyo'; create view tzv as select timestamptz '2024-01-01 00:00' as t
set timezone='UTC'; select t at time zone 'UTC' from tzv
set datestyle='iso,dmy'; create or replace view tzv as select timestamptz '02/01/2024 00:00 Europe/Paris' as t
set datestyle='iso,mdy'; select t from tzv
drop view tzv
# fields of instants in the hour that comes twice
set timezone='Europe/Berlin'
select extract(timezone from timestamptz '2024-10-27 00:30:00+00'), extract(timezone from timestamptz '2024-10-27 01:30:00+00'), extract(epoch from timestamptz '2024-10-27 00:30:00+00'), date_part('timezone_hour', timestamptz '2024-10-27 00:30:00+00')
select extract(timezone from z), extract(epoch from z), extract(hour from z), extract(second from z), extract(julian from z), extract(timezone_minute from z) from (values (timestamptz '2024-10-27 00:30:00+00'), ('2024-10-27 01:30:00+00'), (null)) v(z)
select extract(hour from timestamptz 'infinity'), extract(epoch from timestamptz '-infinity')
