-- The events that the random statements ask about. Payloads and metadata are written as
-- jsonb prints them, so that a whole column compares.

INSERT INTO events (stream, type, payload, metadata, tags) VALUES
	('order-1', 'Opened', '{"a": 1, "b": [1, 2, 3], "k": "x"}', '{"by": "ann"}', '{a,b}'),
	('order-1', 'Paid', '{"a": 2.50, "k": "y", "at": "2024-03-10T07:30:00Z"}', '{"by": "bob"}', '{}'),
	('order-2', 'Opened', '{"a": null, "b": [], "k": "x"}', NULL, NULL),
	('order-2', 'paid', '{"a": "3", "k": "Y"}', '{}', '{a,NULL,"c d"}'),
	('order-2', 'Closed', NULL, 'null', '{NULL}'),
	('cart-7', 'Opened', '{"a": -1, "b": [1, "two", null, {"c": true}]}', '{"n": 1, "by": "ann"}', '{b}'),
	('cart-7', 'Added', '{"a": 10, "k": "é😀"}', '{"by": null}', '{"",x}'),
	('cart-7', 'Added', '{"a": 10, "k": "é😀"}', '{"by": "cy"}', '{x}'),
	('cart-8', 'Added', '{"a": 0.005, "k": ""}', NULL, '{"it''s","a,b"}'),
	('plain', 'Opened', '{}', '{"by": "ann"}', '{a}'),
	('plain', 'Text', '"just text"', NULL, NULL),
	('plain', 'Number', '42', NULL, '{n}'),
	('plain', 'Null', 'null', NULL, '{}'),
	('plain', 'Array', '["a", "b", "a"]', '[1]', '{a,b,a}'),
	('plain', 'True', 'true', 'false', '{t}'),
	('UPPER-1', 'Opened', '{"a": 1000, "k": "x", "aa": {"z": [1.0, -0.1]}}', '{"by": "Ann"}', '{A}'),
	('order-10', 'Closed', '{"a": 9223372036854775807, "on": "2024-02-29", "took": "1 day 02:00:00"}', NULL, '{a}'),
	('é-1', 'Geöffnet', '{"a": 12345678901234567890, "k": "ÀÉ"}', NULL, '{é}');

INSERT INTO events (stream_id, type, payload, metadata, tags) VALUES
	('00000000-0000-4000-8000-000000000001', 'Opened', '{"a": 1}', NULL, NULL),
	('00000000-0000-4000-8000-000000000001', 'Closed', '{"a": 5, "k": "z"}', '{}', '{b,a}'),
	('ffffffff-ffff-4fff-bfff-ffffffffffff', 'Opened', NULL, NULL, '{}');
