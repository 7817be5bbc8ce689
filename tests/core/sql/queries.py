"""Queries of real kinds, all of them accepted; the tests run each on both engines, shuffled, alone and by tiles."""

QUERIES = [
    """
    SELECT user_id, SUM(amount) AS s, SUM(n) AS sn, SUM(price) AS sp, AVG(n) AS an, AVG(price) AS ap, COUNT(*) AS c,
    COUNT(kind) AS ck, MIN(kind) AS mk, MAX(timestamp) AS mt, MIN(ok) AS mo FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, STDDEV(amount) AS s, VARIANCE(n) AS v, STDDEV_POP(price) AS p, VAR_POP(amount) AS vp FROM input_data
    WHERE amount < 1000 GROUP BY user_id
    """,
    """
    SELECT user_id, MAX_BY(kind, timestamp) AS a, MIN_BY(kind, timestamp) AS b, MAX_BY(amount, n) AS c, FIRST(kind) AS f,
    LAST(kind) AS l, FIRST(kind, true) AS fn, LAST(amount) IGNORE NULLS AS li, ANY_VALUE(n) AS av FROM input_data GROUP BY
    user_id
    """,
    """
    SELECT user_id, COUNT(DISTINCT kind) AS d, COUNT(DISTINCT amount) AS da, COUNT(DISTINCT kind, n) AS dk, SUM(DISTINCT
    n) AS sd, COUNT_IF(amount > 1) AS ci, BOOL_OR(ok) AS bo, EVERY(ok) AS ba, SUM(amount) FILTER (WHERE kind = 'a') AS fa
    FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, SUM(CASE WHEN kind = 'a' THEN amount ELSE 0 END) / COUNT(*) AS r, ROUND(AVG(amount), 2) AS m,
    COALESCE(SUM(n), 0) AS z, MAX(CAST(timestamp AS DATE)) AS d, NULLIF(COUNT(kind), 0) AS nz FROM input_data GROUP BY
    user_id HAVING COUNT(*) > 2
    """,
    """
    SELECT user_id AS u, COUNT(*) AS c FROM input_data GROUP BY u
    """,
    """
    SELECT SUM(amount) AS s FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, UPPER(user_id) AS up, COUNT(*) AS c FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, kind, amount * 2 AS dbl, dbl + 1 AS more, timestamp AS at FROM input_data WHERE amount IS NOT NULL
    """,
    """
    WITH t AS (SELECT user_id, amount, kind, timestamp FROM input_data WHERE n > 0) SELECT user_id, amount, kind FROM t
    """,
    """
    WITH d AS (SELECT user_id, DATE(timestamp) AS day, SUM(amount) AS s FROM input_data GROUP BY user_id, DATE(timestamp))
    SELECT user_id, MAX(s) AS best, AVG(s) AS mean, COUNT(*) AS days, MAX_BY(day, s) AS bestday, LAST(s) AS lasts FROM d
    GROUP BY user_id
    """,
    """
    SELECT user_id, kind AS latest FROM (SELECT user_id, kind, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp
    DESC) AS rn FROM input_data) AS t WHERE rn = 1
    """,
    """
    SELECT user_id, amount, kind FROM input_data QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY amount DESC) = 1
    """,
    """
    SELECT user_id, AVG(gap) AS gap, MAX(gap) AS mg FROM (SELECT user_id, UNIX_SECONDS(timestamp) -
    UNIX_SECONDS(LAG(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp)) AS gap FROM input_data) t GROUP BY user_id
    """,
    """
    SELECT user_id, MAX(running) AS r FROM (SELECT user_id, SUM(n) OVER (PARTITION BY user_id ORDER BY timestamp ROWS
    BETWEEN 2 PRECEDING AND CURRENT ROW) AS running FROM input_data) t GROUP BY user_id
    """,
    """
    SELECT user_id, MAX(v) AS v FROM (SELECT user_id, COUNT(*) OVER (PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN
    INTERVAL 1 DAY PRECEDING AND CURRENT ROW) AS v FROM input_data) t GROUP BY user_id
    """,
    """
    SELECT user_id, MAX(r) AS r, MAX(dr) AS dr, MAX(pr) AS pr, MAX(cd) AS cd, MAX(nt) AS nt, MIN(fv) AS fv, MIN(lv) AS lv,
    MAX(nv) AS nv, MAX(ld) AS ld FROM (SELECT user_id, RANK() OVER (PARTITION BY user_id ORDER BY kind) AS r, DENSE_RANK()
    OVER (PARTITION BY user_id ORDER BY kind) AS dr, PERCENT_RANK() OVER (PARTITION BY user_id ORDER BY kind) AS pr,
    CUME_DIST() OVER (PARTITION BY user_id ORDER BY kind) AS cd, NTILE(3) OVER (PARTITION BY user_id ORDER BY kind) AS nt,
    FIRST_VALUE(kind) OVER (PARTITION BY user_id ORDER BY timestamp) AS fv, LAST_VALUE(kind) OVER (PARTITION BY user_id
    ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS lv, NTH_VALUE(n, 2) OVER (PARTITION BY
    user_id ORDER BY timestamp) AS nv, LEAD(n, 1, 0) OVER (PARTITION BY user_id ORDER BY timestamp) AS ld FROM input_data)
    t GROUP BY user_id
    """,
    """
    WITH a AS (SELECT user_id, SUM(amount) AS s FROM input_data WHERE kind = 'a' GROUP BY user_id), b AS (SELECT user_id,
    COUNT(*) AS c FROM input_data GROUP BY user_id) SELECT b.user_id, a.s / b.c AS ratio, COALESCE(a.s, 0) AS s FROM b
    LEFT JOIN a ON a.user_id = b.user_id
    """,
    """
    WITH a AS (SELECT user_id, SUM(amount) AS s FROM input_data WHERE kind = 'a' GROUP BY user_id) SELECT user_id,
    COUNT(*) AS c, MAX(s) AS s FROM input_data JOIN a USING (user_id) GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(*) AS c FROM (SELECT DISTINCT user_id, kind FROM input_data) t GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(*) AS c, LAST(v) AS l, SUM(v) AS s FROM (SELECT user_id, n AS v FROM input_data UNION ALL SELECT
    user_id, CAST(amount AS BIGINT) AS v FROM input_data) t GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(*) AS c FROM (SELECT user_id, kind FROM input_data WHERE n > 0 UNION SELECT user_id, kind FROM
    input_data WHERE amount > 0) t GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(*) AS c FROM (SELECT user_id, kind FROM input_data WHERE n > 0 INTERSECT SELECT user_id, kind
    FROM input_data WHERE amount > 0) t GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(*) AS c FROM (SELECT user_id, kind FROM input_data EXCEPT SELECT user_id, kind FROM input_data
    WHERE amount > 0) t GROUP BY user_id
    """,
    """
    SELECT user_id, SUM(item.qty) AS q, MAX(item.sku) AS s, SUM(SIZE(tags)) AS t, COUNT_IF(ARRAY_CONTAINS(tags, 'a')) AS a
    FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, SUM(amount) AS s FROM input_data GROUP BY user_id UNION ALL SELECT user_id, AVG(amount) AS s FROM
    input_data WHERE n > 3 GROUP BY user_id
    """,
    """
    SELECT user_id, SUM(s) OVER (PARTITION BY user_id) AS o FROM (SELECT user_id, SUM(amount) AS s FROM input_data GROUP
    BY user_id) t
    """,
    """
    SELECT user_id, SUM(n) AS s, RANK() OVER (PARTITION BY user_id ORDER BY SUM(n)) AS r FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, MAX(timestamp) AS last_seen, HOUR(MAX(timestamp)) AS h, DATEDIFF(MAX(timestamp), MIN(timestamp)) AS
    span FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, COLLECT_LIST(kind) AS l, COLLECT_LIST(amount) AS la, COLLECT_SET(kind) AS s, COLLECT_SET(n) AS sn,
    COLLECT_SET(amount) AS sa, ARRAY_SORT(COLLECT_SET(kind)) AS so, ARRAY_AGG(DISTINCT ok) AS ok2, STRING_AGG(kind, ',')
    AS j, COLLECT_LIST(kind) FILTER (WHERE n > 0) AS lf, SIZE(COLLECT_SET(kind)) AS z FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, PERCENTILE(amount, 0.5) AS p, MEDIAN(n) AS m, PERCENTILE(n, 0.9) AS p9, PERCENTILE_DISC(0.5) WITHIN
    GROUP (ORDER BY amount) AS pd, PERCENTILE_APPROX(n, 0.5) AS pa, PERCENTILE_APPROX(price, 0.25) AS pp,
    APPROX_COUNT_DISTINCT(kind) AS ac, MEDIAN(price) AS mp FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, MODE(kind) AS m, MODE(n) AS mn, MODE(amount) AS ma FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, CORR(amount, n) AS c, COVAR_POP(amount, price) AS cp, COVAR_SAMP(price, n) AS cs FROM input_data WHERE
    amount < 1000 AND n < 1000 GROUP BY user_id
    """,
    """
    SELECT user_id, CORR(amount, n) AS c FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, COLLECT_LIST(item) AS l, COLLECT_LIST(tags) AS t, COLLECT_LIST(timestamp) AS ts,
    COLLECT_SET(DATE(timestamp)) AS ds FROM input_data GROUP BY user_id
    """,
    """
    WITH d AS (SELECT user_id, DATE(timestamp) AS day, COUNT(*) AS c FROM input_data GROUP BY user_id, DATE(timestamp))
    SELECT user_id, COLLECT_LIST(c) AS counts, COLLECT_LIST(day) AS days FROM d GROUP BY user_id
    """,
    """
    SELECT user_id, STDDEV(amount) AS s, MAX(CASE WHEN n > 2 THEN kind END) AS k, SUM(price * 2) AS p2, SUM(price * 1.5)
    AS p3, SUM(n * 0.5) AS n5, AVG(price - 1) AS pm, SUM(n DIV 2) AS nd, SUM(CAST(timestamp AS BIGINT)) AS ts FROM
    input_data GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(*) AS purchases, SUM(n) AS total, total / purchases AS mean, CASE WHEN mean > 2 THEN 'high' ELSE
    'low' END AS band FROM input_data GROUP BY user_id HAVING purchases > 1
    """,
    """
    SELECT user_id, MAX(CAST(timestamp AS DATE)) AS last_purchase_date, COLLECT_SET(kind) AS favorite_categories,
    MAX_BY(kind, timestamp) AS merchant_category, ROUND(AVG(amount), 2) AS average_ticket FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT_IF(HOUR(timestamp) >= 22 OR HOUR(timestamp) < 6) / COUNT(*) AS night_share, COUNT(DISTINCT
    DATE(timestamp)) AS active_days FROM input_data GROUP BY user_id
    """,
    """
    WITH daily AS (SELECT user_id, DATE_TRUNC('day', timestamp) AS day, SUM(n) AS total FROM input_data GROUP BY 1, 2),
    ranked AS (SELECT user_id, total, LAG(total) OVER (PARTITION BY user_id ORDER BY day) AS before FROM daily) SELECT
    user_id, MAX(total - before) AS jump, COUNT(*) AS days FROM ranked GROUP BY user_id
    """,
    """
    SELECT i.user_id, COUNT(*) AS pairs FROM input_data i JOIN input_data j ON i.user_id = j.user_id AND i.kind = j.kind
    AND i.timestamp < j.timestamp GROUP BY i.user_id
    """,
    """
    SELECT user_id, UPPER(kind) AS kind_up, COALESCE(amount, 0) * 2 AS twice, tags[0] AS tag, item.sku AS sku, SIZE(tags)
    AS many FROM input_data WHERE kind LIKE 'a%' OR ok
    """,
    """
    SELECT user_id, SKEWNESS(amount) AS s, KURTOSIS(amount) AS k, SKEWNESS(price) AS sp, KURTOSIS(n) AS kn, KURTOSIS(n + 0.5)
    FILTER (WHERE ok) AS ko FROM input_data WHERE n < 1000 GROUP BY user_id
    """,
    """
    SELECT user_id, APPROX_TOP_K(kind) AS k, APPROX_TOP_K(amount, 2) AS a, APPROX_TOP_K(DATE(timestamp), 1, 100) AS d,
    APPROX_TOP_K(ok, 3) FILTER (WHERE n > 1) AS o, SIZE(APPROX_TOP_K(price)) AS p FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, COUNT(DISTINCT kind) AS c, MODE(kind) AS m, COLLECT_SET(kind) AS s, APPROX_TOP_K(kind, 1) AS t,
    COUNT(DISTINCT kind) / COUNT(*) AS r, MEDIAN(n) AS mn, PERCENTILE(n, 0.9) AS p, PERCENTILE_APPROX(n, 0.1) AS q,
    SUM(DISTINCT n) AS sn, AVG(DISTINCT n) AS an, SUM(n) AS plain, COLLECT_SET(price) AS sp, AVG(DISTINCT price) AS ap,
    SUM(DISTINCT price) AS tp, SUM(DISTINCT amount) AS ta FROM input_data WHERE ok GROUP BY user_id
    HAVING COUNT(DISTINCT kind) > 0
    """,
    """
    SELECT user_id, COUNT(DISTINCT tags) AS t, COUNT(DISTINCT item, kind) AS i, COUNT(DISTINCT price, ok, timestamp) AS p,
    COLLECT_SET(timestamp) AS ts, MODE(DATE(timestamp)) AS d, MODE(price) AS mp, PERCENTILE_DISC(0.3) WITHIN GROUP (ORDER BY
    price) AS pd, MODE(ok) AS mo, COUNT(DISTINCT UPPER(user_id)) AS k FROM input_data GROUP BY user_id
    """,
    """
    WITH bought AS (SELECT user_id, amount * 2 AS a, kind, timestamp AS at FROM input_data WHERE ok), big AS (SELECT user_id
    AS u,
    a, at, kind FROM bought WHERE a > -100) SELECT u, SUM(a) AS s, FIRST(a) AS f, MAX_BY(kind, at) AS l, COUNT(*) AS c,
    MEDIAN(a)
    AS m FROM big WHERE kind IS NOT NULL GROUP BY u HAVING COUNT(*) > 1
    """,
    """
    SELECT user_id, LAST(d) AS d, COUNT(DISTINCT d) AS days, MAX(next) AS n, FIRST(next) AS f, MAX_BY(next, d) AS m,
    MODE(next) AS
    o, MIN_BY(d, next) AS b FROM (SELECT user_id, DATE(timestamp) AS d, timestamp
    + INTERVAL 8000 YEARS AS next FROM input_data) AS t GROUP BY user_id
    """,
    """
    SELECT user_id, REGR_COUNT(amount, n) AS c, REGR_SLOPE(amount, n) AS s, REGR_INTERCEPT(amount, n) AS i, REGR_R2(amount,
    n) AS r,
    REGR_AVGX(amount, n) AS ax, REGR_AVGY(amount, n) AS ay, REGR_SXX(amount, n) AS xx, REGR_SXY(amount, n) AS xy,
    REGR_SYY(amount,
    n) AS yy, CORR(amount, n) AS k, REGR_SLOPE(price, amount) FILTER (WHERE ok) AS sp FROM input_data WHERE n < 100 AND
    amount < 1000
    GROUP BY user_id
    """,
    """
    SELECT user_id, BIT_AND(n) AS a, BIT_OR(n) AS o, BIT_XOR(n) AS x, BIT_XOR(n) FILTER (WHERE ok) AS xf, TRY_SUM(n) AS s,
    TRY_AVG(price) AS m FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, MAX(x) AS x, MAX(o) AS o FROM (SELECT user_id, BIT_XOR(n) OVER w AS x, BIT_OR(n) OVER w AS o FROM input_data
    WINDOW w AS (PARTITION BY user_id ORDER BY timestamp ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)) AS t GROUP BY user_id
    """,
    """
    SELECT user_id, TRANSFORM(COLLECT_LIST(n), x -> x / COUNT(*)) AS shares, FILTER(COLLECT_SET(kind), k -> k > 'a') AS late,
    AGGREGATE(COLLECT_LIST(amount), 0D, (a, x) -> a + x) AS total, EXISTS(COLLECT_LIST(ok), x -> x) AS ever,
    MAP('n', COUNT(*), 's', SUM(n)) AS counts, NAMED_STRUCT('first', FIRST(kind), 'last', LAST(kind)) AS ends,
    MAP_FROM_ARRAYS(COLLECT_SET(kind), COLLECT_SET(kind)) AS same FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, SUM(AGGREGATE(tags, 0, (a, x) -> a + LENGTH(COALESCE(x, '')))) AS letters, MAX(SIZE(FILTER(tags, t -> t =
    kind)))
    AS same, COUNT_IF(EXISTS(tags, t -> t = 'a')) AS has, STRUCT(MAX(n) AS top, COUNT(*)).top AS top FROM input_data GROUP BY
    user_id
    """,
    """
    WITH d AS (SELECT user_id, DATE(timestamp) AS day, kind, COUNT(*) AS c FROM input_data GROUP BY ALL) SELECT user_id,
    MAX(c) AS c,
    COUNT(*) AS days FROM d GROUP BY ALL
    """,
    """
    WITH d AS (SELECT user_id, DATE(timestamp) AS day, SUM(n) AS s FROM input_data GROUP BY 1, 2), e AS (SELECT *, s * 2 AS t
    FROM d)
    SELECT user_id, MAX(t) AS t, MAX(e.day) AS day FROM e GROUP BY user_id
    """,
    """
    SELECT user_id, PERCENTILE(amount, ARRAY(0.25, 0.75)) AS p, APPROX_PERCENTILE(n, ARRAY(0.5), 100) AS a, ANY(ok) AS any_ok
    FROM input_data GROUP BY user_id
    """,
    """
    SELECT user_id, MAX(c) AS c, MAX(s) AS s FROM (SELECT user_id, COUNT(*) OVER (PARTITION BY user_id ORDER BY
    UNIX_SECONDS(timestamp) RANGE BETWEEN 3600 PRECEDING AND CURRENT ROW) AS c, SUM(n) OVER (PARTITION BY user_id ORDER BY
    CAST(timestamp AS BIGINT) RANGE BETWEEN 86400 PRECEDING AND 1 PRECEDING) AS s FROM input_data) AS t GROUP BY user_id
    """,
]
