package relation

// streamIDSource is stream_id in PL/pgSQL, as pg_proc shows it. Nothing here runs it: it is for
// a PostgreSQL that a dump is restored into, which then has the same ids. PostgreSQL has no
// SHA-1 of its own; the bytes that come before the name are engine.StreamNamespace.
const streamIDSource = `
DECLARE
	full32 CONSTANT bigint := 4294967295;
	m bytea := decode('e7e4716e9a1d5b4c8f3a5d0c2b6a9f10', 'hex') || convert_to(name, 'UTF8');
	h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
	w bigint[];
	a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint;
	hex text;
BEGIN
	m := m || '\x80' || decode(repeat('00', (119 - length(m) % 64) % 64), 'hex') || int8send(length(m)::bigint * 8);
	FOR block IN 0 .. length(m) / 64 - 1 LOOP
		FOR i IN 0 .. 15 LOOP
			w[i] := (get_byte(m, block * 64 + i * 4)::bigint << 24) | (get_byte(m, block * 64 + i * 4 + 1) << 16)
				| (get_byte(m, block * 64 + i * 4 + 2) << 8) | get_byte(m, block * 64 + i * 4 + 3);
		END LOOP;
		FOR i IN 16 .. 79 LOOP
			f := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
			w[i] := ((f << 1) | (f >> 31)) & full32;
		END LOOP;
		a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
		FOR i IN 0 .. 79 LOOP
			CASE i / 20
				WHEN 0 THEN f := (b & c) | ((~b) & full32 & d); k := 1518500249;
				WHEN 1 THEN f := b # c # d; k := 1859775393;
				WHEN 2 THEN f := (b & c) | (b & d) | (c & d); k := 2400959708;
				ELSE f := b # c # d; k := 3395469782;
			END CASE;
			f := (((a << 5) | (a >> 27)) & full32) + f + e + k + w[i] & full32;
			e := d; d := c; c := ((b << 30) | (b >> 2)) & full32; b := a; a := f;
		END LOOP;
		h := ARRAY[h[1] + a & full32, h[2] + b & full32, h[3] + c & full32, h[4] + d & full32, h[5] + e & full32];
	END LOOP;
	hex := lpad(to_hex(h[1]), 8, '0') || lpad(to_hex(h[2]), 8, '0') || lpad(to_hex(h[3]), 8, '0') || lpad(to_hex(h[4]), 8, '0');
	RETURN overlay(overlay(hex placing '5' from 13) placing to_hex((get_byte(decode(hex, 'hex'), 8) >> 4) & 3 | 8) from 17)::uuid;
END
`
