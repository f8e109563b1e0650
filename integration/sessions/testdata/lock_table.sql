# lock table
lock table pg_catalog.pg_class in access share mode
begin; lock table pg_catalog.pg_class in access share mode; rollback
begin; lock table events in access share mode; lock events in row exclusive mode nowait; lock table only events, public.events in share update exclusive mode; commit
begin; lock table nosuch in access share mode; rollback
rollback
begin; lock table events in foo mode; rollback
rollback
begin; lock table events in access mode; rollback
rollback
lock table events in access share mode; select 1
