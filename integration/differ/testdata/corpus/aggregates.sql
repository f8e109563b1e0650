-- case: deviations of values that are not finite
SELECT k, var_pop(x) AS a, var_samp(x) AS b, stddev_pop(x) AS c, stddev(x) AS d, var_pop(x) FILTER (WHERE x < 1) AS e, stddev(DISTINCT x) AS f FROM (VALUES (1, 'NaN'::float8), (2, 'Infinity'), (2, 1), (3, 1), (3, 3), (4, NULL), (5, '-Infinity'), (5, 'NaN'), (6, 0), (6, 'Infinity')) v(k, x) GROUP BY k ORDER BY k;

-- case: regressions of values that are not finite
SELECT k, regr_avgx(y, x) AS ax, regr_avgy(y, x) AS ay, regr_sxx(y, x) AS sxx, regr_syy(y, x) AS syy, regr_sxy(y, x) AS sxy, covar_pop(y, x) AS cp, covar_samp(y, x) AS cs, corr(y, x) AS c, regr_r2(y, x) AS r2, regr_slope(y, x) AS m, regr_intercept(y, x) AS i, regr_count(y, x) AS n FROM (VALUES (1, 'NaN'::float8, 1::float8), (2, 1, 'NaN'), (2, 1, 1), (3, 'Infinity', 1), (3, 2, 2), (4, 1, 'Infinity'), (4, 1, 3), (5, NULL, 'NaN'), (5, 1, 2), (6, 'NaN', NULL), (7, 1, 2), (7, 2, 4), (8, 3, 1), (8, 3, 2), (9, 1, 2), (9, 4, 2), (10, 'NaN', 2), (10, 1, 2), (11, 2, 'Infinity'), (11, 2, '-Infinity')) v(k, y, x) GROUP BY k ORDER BY k;

-- case: regressions over a window
SELECT k, corr(y, x) OVER (ORDER BY k) AS c, regr_avgx(y, x) OVER (ORDER BY k ROWS 1 PRECEDING) AS a, var_pop(y) OVER (ORDER BY k) AS v FROM (VALUES (1, 1::float8, 2::float8), (2, 3, 4), (3, 'NaN', 1), (4, 2, NULL)) v(k, y, x) ORDER BY k;

-- case: mode of a constant
SELECT mode() WITHIN GROUP (ORDER BY 'x'::text) AS a, mode() WITHIN GROUP (ORDER BY 2) AS b FROM (VALUES (1), (2)) v(k);

-- case: what rounding leaves of equal floats
SELECT stddev_pop(x) AS a, var_pop(x) AS b, stddev(x) AS c, variance(x) AS d, avg(x) AS e, sum(x) AS f FROM (VALUES (0.3::float8), (0.3), (0.3), (0.3), (0.3), (0.3), (0.3)) v(x);

-- case: sums of floats that are too large
-- error: 22003
SELECT sum(x) FROM (VALUES ('1e308'::float8), ('1e308')) v(x);

-- case: a mean whose squares are too large
-- error: 22003
SELECT avg(x) FROM (VALUES ('1e200'::float8), (0)) v(x);

-- case: a covariance that is too large
-- error: 22003
SELECT covar_pop(x, y) FROM (VALUES (0::float8, 1::float8), (0, 1e308)) v(x, y);

-- case: the sum of -0, and of reals
SELECT sum(x) AS a, sum(y) AS b FROM (VALUES ('-0'::float8, 0.1::float4), ('-0', 0.2), ('-0', 0.3)) v(x, y);

-- case: moments of what is not finite
SELECT stddev_pop(x) AS a, var_pop(x) AS b, stddev(x) AS c, avg(x) AS d, corr(x, y) AS e, regr_sxx(x, y) AS f, regr_syy(x, y) AS g FROM (VALUES (1::float8, 1::float8), ('-Infinity', 2), ('Infinity', 3)) v(x, y);

-- case: regression
SELECT corr(y, x) AS a, covar_pop(y, x) AS b, covar_samp(y, x) AS c, regr_avgx(y, x) AS d, regr_avgy(y, x) AS e, regr_intercept(y, x) AS f, regr_r2(y, x) AS g, regr_slope(y, x) AS h, regr_sxx(y, x) AS i, regr_sxy(y, x) AS j FROM (VALUES (1::float8, 2::float8), (3, 5), (4, NULL), (NULL, 1), (7, 7.5)) v(y, x);
