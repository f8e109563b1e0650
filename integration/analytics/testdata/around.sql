-- Windows, arrays and sets over what is around them.

-- case: windows over what is around
select x, l.* from (values (1),(2)) t(x), lateral (select y, sum(y+t.x) over () s from (values (1),(2),(3)) b(y) where y <= t.x order by y limit 1) l order by 1;

-- case: windows over what is around, 2
select x, (select sum(y+t.x) over () s from (values (1),(2),(3)) b(y) limit 1) l from (values (1),(2)) t(x) order by 1;

-- case: windows over what is around, 3
select x, l.* from (values (1),(2)) t(x), lateral (select y, rank() over (order by abs(y-t.x)) r, lag(y, 1, t.x) over (order by y) g from (values (1),(2),(3)) b(y)) l order by 1,2;

-- case: windows over what is around, 4
select x, l.* from (values (1),(2)) t(x), lateral (select y, count(*) filter (where y > t.x) over (partition by y > t.x) r from (values (1),(2),(3)) b(y)) l order by 1,2;

-- case: windows over what is around, 5
select x, l.* from (values (1),(2)) t(x), lateral (select first_value(t.x) over () r) l order by 1,2;

-- case: windows over what is around, 6
select x, (select max(s) from (select row_number() over (partition by t.x order by y desc) s from (values (1),(2),(3)) b(y)) q) from (values (1),(2)) t(x) order by 1;

-- case: arrays of what is around
select x, exists (select 1 from (values (1),(2)) v(y) where y = all (t.a)) from (values (1,array[1,1]),(2,array[2,1]),(3,'{}'),(4,null)) t(x,a) order by 1;

-- case: arrays of what is around, 2
select x, l.y from (values (1,array[1,1]),(2,array[2,1]),(3,'{}')) t(x,a), lateral (select y from (values (1),(2)) v(y) where y = all (t.a)) l order by 1,2;

-- case: arrays of what is around, 3
select x, (select count(*) from (values (1),(2)) v(y) where y < any (t.a)), (select count(*) from (values (1),(2)) v(y) where t.x >= all (array[y,t.x])) from (values (1,array[1,2]),(2,array[2,null]),(3,'{}')) t(x,a) order by 1;

-- case: arrays of what is around, 4
select x, (select string_agg(y, ',' order by y) from (values ('ab'),('b')) v(y) where y like any (t.a)) from (values (1,array['a%','c']),(2,array['%b'])) t(x,a) order by 1;

-- case: arrays of what is around, 5
select x, (select count(*) from (values (1.0),(2.50)) v(y) where y = any (t.a)) from (values (1,array[1.00,2.5]),(2,array[3.0])) t(x,a) order by 1;

-- case: arrays of what is around, 6
select x, (select array_remove(t.a, y) from (values (1)) v(y)), (select array_replace(t.a, y, t.x) from (values (1)) v(y)) , (select array_positions(t.a, y) from (values (1)) v(y)) from (values (5,array[1,2,1])) t(x,a);

-- case: arrays of what is around, 7
select count(*) from events e where position < 50 and exists (select 1 from (values ('channel:web')) v(t) where v.t = any(e.tags));

-- case: arrays of what is around, 8
select count(*) from events e where position < 50 and exists (select 1 from (values ('channel:web')) v(t) where v.t <> all(e.tags));

-- case: grouped by a set
select unnest(tags) as t, count(*) from events where position < 100 group by 1 order by 2 desc, 1 limit 3;

-- case: grouped by a set, 2
select jsonb_object_keys(payload) as k, count(*) from events where position < 100 group by k order by 2 desc, 1 limit 3;

-- case: grouped by a set, 3
select unnest(tags) as t, count(*), max(version) from events where position < 100 group by unnest(tags) having count(*) > 20 order by 2 desc, 1;

-- case: grouped by a set, 4
select upper(unnest(tags)) as t, count(*) from events where position < 100 group by 1 order by 2 desc, 1 limit 3;

-- case: grouped by a set, 5
select type, unnest(tags) t, count(*) from events where position < 60 group by type, t order by 3 desc, 1, 2 limit 5;

-- case: grouped by a set, 6
select generate_series(1,x) g, sum(x) from (values (1),(2),(3)) v(x) group by 1 order by 1;

-- case: grouped by a set, 7
select generate_series(1,x) g, sum(x) from (values (1),(2),(3)) v(x) group by g having sum(x) > 3 order by g desc;

-- case: grouped by a set, 8
select jsonb_array_elements(j) e, count(*) from (values ('[1,1.0,2]'::jsonb),('[2]')) v(j) group by 1 order by 1;

-- case: grouped by a set, 9
select jsonb_array_elements_text(j) e, count(*) from (values ('[1,1.0,2]'::jsonb),('[2]')) v(j) group by 1 order by 1;

-- case: grouped by a set, 10
select a.x, unnest(b.y) u, count(*) from (values (1),(2)) a(x) join (values (1,array[1,2]),(1,array[2])) b(x,y) using (x) group by a.x, u order by 1,2;

-- case: grouped by a set, 11
select count(*), regexp_split_to_table(s, ',') p from (values ('a,b'),('b')) v(s) group by p order by p;

-- case: grouped by a set, 12
select unnest(a) u, unnest(b) w, count(*) from (values (array[1,2],array[3])) v(a,b) group by 1,2 order by 1,2;

-- case: grouped by a set, 13
select * from (select unnest(tags) as t, count(*) n from events where position < 100 group by 1) q where n > 20 order by 1;

-- case: grouped by a set, 14
select split_part(unnest(tags), ':', 1) k, count(distinct stream) from events where position < 100 group by 1 order by 1;

-- case: grouped by a set, 15
select unnest(tags), count(*) from events where position < 20 group by rollup(1) order by 1;

