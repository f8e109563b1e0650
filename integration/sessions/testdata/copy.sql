# the older syntax of COPY, and what FORCE names
insert into events (stream, type, payload) values ('a', 'A', '{"n": 1}'), ('a', 'it''s "q"', null)
copy (select stream, type, payload from events order by version) to stdin
copy (select stream, type, payload from events order by version) to stdout using delimiters '|'
copy (select stream, type, payload from events order by version) to stdout delimiters '|' with null as 'x'
copy (select stream, type, payload from events order by version) to stdout delimiters as '|'
copy (select stream, type, payload from events order by version) to stdout using delimiter '|'
copy (select stream, type, payload from events order by version) to stdout using delimiters '|' csv header force quote *
copy (select stream, type, payload from events order by version) to stdout csv force quote stream, type
copy (select stream, type, payload from events order by version) to stdout csv force quote stream type
copy (select stream, type, payload from events order by version) to stdout csv force
copy (select stream, type, payload from events order by version) to stdout csv force quote
copy (select stream, type, payload from events order by version) to stdout csv force null payload
copy (select stream, type, payload from events order by version) to stdout csv force not null payload
copy (select stream, type, payload from events order by version) to stdout csv force not payload
copy (select stream, type, payload from events order by version) to stdout csv force quote nothing
copy (select stream, type, payload from events order by version) to stdout text
copy (select stream, type, payload from events order by version) to stdout csv encoding as 'utf8'
copy (select stream, type, payload from events order by version) to stdout csv encoding 'utf8' quote as '''' escape '\'
copy (select stream, type, payload from events order by version) to stdout with delimiters '|'
copy (select stream, type, payload from events order by version) to stdout delimiters '|' (format csv)
copy (select stream, type, payload from events order by version) to stdout delimiters '|' delimiter ','
copy (select stream, type, payload from events order by version) to stdout csv csv
copy (select stream, type, payload from events order by version) to stdout header
copy events (stream, type, payload) to stdout using delimiters '|'
copy events (stream, type, payload) to stdout delimiters '|' with null as 'x'
copy events (stream, type, payload) to stdout delimiters as '|'
copy events (stream, type, payload) to stdout using delimiter '|'
copy events (stream, type, payload) to stdout using delimiters '|' csv header force quote *
copy events (stream, type, payload) to stdout delimiters '|' (format csv)
copy events (stream, type, payload) to stdout delimiters '|' delimiter ','
copy events (stream, type, payload) to stdout with delimiters '|'
copy events (stream, type, payload) to stdout with delimiter '|' where true
copy (select 1 as a) to stdout csv force quote b
copy (select 1 as a, 2 as b) to stdin csv force quote b, a
copy (select 1 as a, 2 as b) to stdin csv force quote b, b
copy (select 1 as a, 2 as b) to stdin where true
copy events(stream) to stdout csv force quote type
copy events(stream) from stdin csv force null type
copy events(stream) from stdin csv force not null type, nosuch
copy events(stream) from stdin csv force null nosuch force not null nosuch2
copy events(stream) from stdin csv force quote stream
copy events(stream) from stdin force null stream force not null type
copy events(stream, type) to stdout csv force null stream force quote type
copy (select 1) from stdin
