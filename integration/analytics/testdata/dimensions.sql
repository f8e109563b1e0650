-- Arrays of several dimensions: literals, subscripts, slices, their dimensions and elements.

-- case: 1
select '{{1,2},{3,4}}'::int[];

-- case: 2
select array[[1,2],[3,4]];

-- case: 3
select (array[[1,2],[3,4]])[2][1];

-- case: 4
select (array[[1,2],[3,4]])[1:2][1:1];

-- case: 5
select (array[[1,2],[3,4]])[2];

-- case: 6
select (array[1,2,3])[1][1];

-- case: 7
select (array[1,2,3])[2:3];

-- case: 8
select (array[1,2,3])[2:];

-- case: 9
select (array[1,2,3])[:2];

-- case: 10
select array_dims(array[[1,2],[3,4]]), array_ndims(array[[1,2],[3,4]]), array_length(array[[1,2],[3,4]],1), array_length(array[[1,2],[3,4]],2), array_upper(array[[1,2],[3,4]],2), array_lower(array[[1,2],[3,4]],2), cardinality(array[[1,2],[3,4]]);

-- case: 11
select unnest(array[[1,2],[3,4]]);

-- case: 12
select array_to_string(array[[1,2],[3,4]], ',');

-- case: 13
select 3 = any(array[[1,2],[3,4]]);

-- case: 14
select array_agg(array[x,x]) from (values (1),(2)) v(x);

-- case: 15
-- error: 2202E
select array[[1,2],[3]];

-- case: 16
-- error: 22P02
select '{{1,2},{3}}'::int[];

-- case: 17
-- error: 42702
select x from (values ('{{1,2},{3,4}}')) v(x), lateral (select x::int[]) y;

-- case: 18
select array[x,y] from (values (array[1,2],array[3,4])) v(x,y);

-- case: 20
select to_json(array[[1,2],[3,4]]);

-- case: 21
select array[array[]::int[]];

-- case: 22
select array_dims('{1,2}'::int[]), array_dims('{}'::int[]);

-- case: 23
select ('{{1,2,3},{4,5,6}}'::int[])[1:2][2:3], ('{{1,2,3},{4,5,6}}'::int[])[2:2], ('{{1,2,3},{4,5,6}}'::int[])[2][1:2], ('{{1,2},{3,4}}'::int[])[3:4][1:1], ('{{1,2},{3,4}}'::int[])[1:2][5:6], ('{{1,2},{3,4}}'::int[])[:][1:1], ('{{1,2},{3,4}}'::int[])[0:1][0:1];

-- case: 24
select ('{{1,2},{3,4}}'::int[])[1:1][1:1][1:1], ('{1,2}'::int[])[1:1][1:1], ('{{1,2},{3,4}}'::int[])[1][1][1], ('{{1,2},{3,4}}'::int[])[null][1], ('{{1,2},{3,4}}'::int[])[null:1];

-- case: 25
select '{{a,"b c"},{NULL,"x,y"}}'::text[], '{{{1},{2}},{{3},{4}}}'::int[], '{{1.50,2}}'::numeric[], '{{2024-01-01}}'::date[], '{{t,f}}'::bool[];

-- case: 26
select array_dims('{{{1},{2}},{{3},{4}}}'::int[]), array_length('{{{1},{2}},{{3},{4}}}'::int[], 2), array_length('{{{1},{2}},{{3},{4}}}'::int[], 4), array_upper('{{{1},{2}},{{3},{4}}}'::int[], 1), array_lower('{{{1},{2}}}'::int[], 3), array_ndims('{{{1}}}'::int[]), cardinality('{{{1},{2}},{{3},{4}}}'::int[]);

-- case: 27
select unnest('{{a,b},{c,d}}'::text[]), array_to_string('{{a,NULL},{c,d}}'::text[], '-', '*'), 'c' = any('{{a,b},{c,d}}'::text[]), 'z' <> all('{{a,b},{c,d}}'::text[]);

-- case: 28
select * from unnest('{{1,2},{3,4}}'::int[]) x;

-- case: 29
select (a)[1][2] from (values ('{{1,2},{3,4}}'::int[])) v(a);

-- case: 30
-- error: 22P02
select '{{},{}}'::int[];

-- case: 31
-- error: 22P02
select '{{1,2},3}'::int[];

-- case: 32
-- error: 22P02
select '{3,{1,2}}'::int[];

-- case: 33
-- error: 22P02
select '{{1},NULL}'::int[];

-- case: 34
-- error: 54000
select '{{{{{{{1}}}}}}}'::int[];

-- case: 35
select array['{1,2}'::int[], '{3,4}'], array['{{1,2}}'::int[], array[[3,4]]];

-- case: 36
select tags[1][1], tags[1:1][1:1] from (values ('{a,b}'::text[])) v(tags);

-- case: 37
select ('{1,2}'::int[])[1][1];

-- case: 38
select ('1 2'::int2vector)[0];

-- case: 39
select array[[1,2],[3,4]]::text[], array[['1','2']]::int[];

-- case: 40
select a[1][2], array_length(a,2), a[1:1][1:1] from (values ('{{1,2},{3,4}}'::int[]), (null), ('{}')) v(a);

-- case: 41
-- unordered: a set
select array[[1,2]] union all select array[[3,4]];

-- case: 42
-- unordered: a set
select array_length(a,2) from (select array[[1,2]] a union all select array[[3,4]]) x;

-- case: 43
with w as (select array[[1,2],[3,4]] a) select a[2][1], array_length(a,2), a from w;

-- case: 44
select (select array[[1,2]])[1][2], array_length((select array[[1,2]]), 2);

-- case: 45
select array_length(a, 2) from (select array_agg(array[x,x]) a from (values (1),(2)) v(x)) s;

-- case: 46
select (a)[i][2] from (values ('{{1,2},{3,4}}'::int[], 2, 1)) v(a, i, j);

-- case: 47
-- unordered: a set
select distinct a from (values ('{{1,2},{3,4}}'::int[])) v(a);

-- case: 48
select a, count(*) from (values ('{{1,2},{3,4}}'::int[])) v(a) group by a;

-- case: 49
select a from (values ('{{1,2},{3,4}}'::int[])) v(a) order by a;

-- case: 50
select row_to_json(v) from (values ('{{1,2},{3,4}}'::int[])) v(a);

-- case: 51
select a from (values (1)) v(x) left join lateral (select array[[x,2]] a) l on true;

-- case: 52
select array_length(a,2) from (values (1)) v(x) left join lateral (select array[[x,2]] a) l on true;

-- case: 53
select array_length(a,2), a[1][2] from unnest(array[1]) x, lateral (select array[[x,2]] a) l;

-- case: 54
select (select a from (values ('{{1,2}}'::int[])) v(a))[1][2];

-- case: 55
select a[1][1] from (select array[[1,2]] a union select null) s order by 1;
