-- Events at the edges of what a column may hold, appended after the real ones.

INSERT INTO events (stream_id, type, payload, metadata, tags) VALUES
	('00000000-0000-4000-8000-000000000001', 'Opened', '{"n": 1}', NULL, NULL),
	('00000000-0000-4000-8000-000000000001', 'Closed', '{"n": 2}', '{}', '{}'),
	('ffffffff-ffff-4fff-bfff-ffffffffffff', 'Opened', NULL, 'null', '{NULL}');

INSERT INTO events (stream, type, payload, metadata, tags) VALUES
	('edge-null', 'NullPayload', NULL, NULL, NULL),
	('edge-null', 'JsonNull', 'null', 'null', '{}'),
	('edge-null', 'NullInside', '{"a": null, "b": {"c": null}}', '{"x": null}', '{a,NULL,b}'),
	('edge-scalar', 'Number', '42', NULL, '{one}'),
	('edge-scalar', 'Text', '"just text"', NULL, '{""}'),
	('edge-scalar', 'True', 'true', NULL, '{"null",NULL}'),
	('edge-scalar', 'EmptyText', '""', NULL, '{" "}'),
	('edge-array', 'Numbers', '[3, 1, 2, 10]', NULL, '{a,b,c}'),
	('edge-array', 'Empty', '[]', NULL, '{c,b,a}'),
	('edge-array', 'Mixed', '[1, "1", null, true, [2], {"k": "v"}]', NULL, '{a,a,b}'),
	('edge-nested', 'Deep', '{"a": {"b": {"c": {"d": [10, {"e": "found"}]}}}}', '{"trace": {"id": "t-1", "parent": null}}', '{deep}'),
	('edge-nested', 'Objects', '{"items": [{"sku": "A", "qty": 2, "price": 9.95}, {"sku": "B", "qty": 1, "price": 100}, {"sku": "C", "qty": 3}]}', '{"trace": {"id": "t-2", "parent": "t-1"}}', '{deep,items}'),
	('edge-empty', 'EmptyObject', '{}', '{}', '{}'),
	('edge-empty', 'EmptyKey', '{"": "empty key", "empty": ""}', NULL, NULL);

INSERT INTO events (stream, type, payload, tags) VALUES
	('edge-number', 'Exponent', '{"n": 1e2}', NULL),
	('edge-number', 'Trailing', '{"n": 12.10}', NULL),
	('edge-number', 'NegativeZero', '{"n": -0.0}', NULL),
	('edge-number', 'Big', '{"n": 12345678901234567890123456789}', NULL),
	('edge-number', 'Int8', '{"n": 9223372036854775807}', NULL),
	('edge-number', 'Fraction', '{"n": 0.1}', NULL),
	('edge-number', 'Small', '{"n": 1.5e-7}', NULL),
	('edge-number', 'Half', '{"n": 2.5}', NULL),
	('edge-number', 'Text', '{"n": "7"}', NULL),
	('edge-number', 'NotANumber', '{"n": "seven"}', NULL);

INSERT INTO events (stream, type, payload, metadata, tags) VALUES
	('edge-text', 'Unicode', '{"t": "naïve café — Ελλάδα 日本 🙂"}', '{"lang": "många"}', '{"naïve","日本"}'),
	('edge-text', 'Escapes', '{"t": "tab\t, quote \", backslash \\, slash \/, line\nend"}', NULL, '{"with \"quotes\"","back\\slash"}'),
	('edge-text', 'Escaped', '{"t": "\u0041\u00e9\ud83d\ude42"}', NULL, '{"comma, space","{braces}"}'),
	('edge-text', 'Spaces', '  { "t" :  "  padded  " , "u" : [ 1 , 2 ] }  ', NULL, '{NULL,NULL}'),
	('edge-text', 'Pattern', '{"t": "100% of a_b\\c"}', NULL, '{"100%"}'),
	('edge-key', 'Duplicate', '{"k": 1, "k": 2, "a": 0, "k": 3}', NULL, NULL),
	('edge-key', 'Order', '{"bbb": 1, "a": 2, "cc": 3, "B": 4}', NULL, NULL),
	('edge-key', 'Odd', '{"it''s": 1, "with space": 2, "a.b": 3, "0": "zero", "é": 5}', NULL, NULL);

INSERT INTO events (stream, type, payload, tags) VALUES
	('nodash', 'Plain', '{"n": 5}', NULL),
	('-leading', 'Plain', '{"n": 6}', '{lead}'),
	('two-dashes-here', 'Plain', '{"n": 7}', '{lead,trail}'),
	('Größe-1', 'Plain', '{"n": 8}', NULL),
	('with ''quote''-1', 'It''s', '{"n": 9}', NULL),
	('nodash', '', '{"n": 10}', NULL),
	('nodash', 'plain', '{"n": null}', NULL);

-- A shop, for questions about money and lists.
INSERT INTO events (stream, type, payload, metadata, tags) VALUES
	('order-1', 'OrderPlaced', '{"customer": "ann", "total": 120.50, "currency": "EUR", "items": 3, "paid": false, "at": "2024-01-31T23:30:00Z"}', '{"user": "web"}', '{web,new}'),
	('order-2', 'OrderPlaced', '{"customer": "bob", "total": 80, "currency": "EUR", "items": 1, "paid": false, "at": "2024-03-31T00:30:00Z"}', '{"user": "web"}', '{web}'),
	('order-1', 'OrderPaid', '{"customer": "ann", "total": 120.50, "method": "card", "paid": true, "at": "2024-02-01T08:00:00Z"}', '{"user": "bank"}', '{}'),
	('order-3', 'OrderPlaced', '{"customer": "ann", "total": 15.25, "currency": "USD", "items": 7, "paid": false, "at": "2024-03-31T02:15:00+02:00"}', '{"user": "app"}', '{app,new}'),
	('order-2', 'OrderCancelled', '{"customer": "bob", "reason": null, "at": "2024-04-02T12:00:00Z"}', '{"user": "bob"}', NULL),
	('order-3', 'OrderPaid', '{"customer": "ann", "total": 15.25, "method": "cash", "paid": true, "at": "2024-04-01T09:00:00Z"}', '{"user": "desk"}', '{}'),
	('order-4', 'OrderPlaced', '{"customer": "cor", "total": -5.005, "currency": "EUR", "items": 0, "paid": false, "at": "2024-10-27T01:30:00Z"}', '{"user": "app"}', '{app}'),
	('order-4', 'OrderPaid', '{"customer": "cor", "total": 0, "method": "card", "paid": true, "at": "2024-10-27T02:30:00Z"}', NULL, '{app,late}'),
	('order-5', 'OrderPlaced', '{"customer": "dee", "total": 99.99, "currency": "EUR", "items": 2, "paid": null, "at": "2024-12-31T23:59:59.999999Z"}', '{"user": "web"}', '{web,new}');
