--- payments: quartiles
SELECT user_id, PERCENTILE(amount, 0.25) AS q1, PERCENTILE(amount, 0.5) AS q2, PERCENTILE(amount, 0.75) AS q3,
       PERCENTILE(amount, 0.75) - PERCENTILE(amount, 0.25) AS iqr
FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- payments: approximate percentiles
SELECT user_id, percentile_approx(amount, 0.95) AS p95, approx_percentile(amount, 0.99, 10000) AS p99 FROM input_data GROUP BY user_id
--- payments: several percentiles at once
SELECT user_id, percentile_approx(amount, array(0.25, 0.5, 0.75)) AS quartiles FROM input_data GROUP BY user_id
--- payments: exact percentiles at once
SELECT user_id, percentile(amount, array(0.1, 0.9)) AS tails FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- payments: median
SELECT user_id, MEDIAN(amount) AS median, AVG(amount) - MEDIAN(amount) AS skewed FROM input_data WHERE ABS(amount) < 1e6 GROUP BY user_id
--- payments: within group
SELECT user_id, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) AS p50, PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY points) AS p90
FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- payments: within group descending
SELECT user_id, PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY amount DESC) AS p10 FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- payments: percentile of some rows
SELECT user_id, PERCENTILE(amount, 0.9) FILTER (WHERE status = 'approved') AS p90_ok FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- payments: rank of the last amount
WITH r AS (
  SELECT user_id, PERCENT_RANK() OVER (PARTITION BY user_id ORDER BY amount) AS pr,
         ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) AS rn
  FROM input_data
)
SELECT user_id, pr AS last_percent_rank FROM r WHERE rn = 1
--- payments: deciles
SELECT user_id, decile, COUNT(*) OVER (PARTITION BY user_id) AS n
FROM (SELECT user_id, NTILE(10) OVER (PARTITION BY user_id ORDER BY amount) AS decile, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) AS rn FROM input_data) t
WHERE rn = 1
--- payments: mean without the tails
WITH b AS (SELECT user_id, PERCENTILE(amount, 0.1) AS lo, PERCENTILE(amount, 0.9) AS hi FROM input_data WHERE amount < 1e6 GROUP BY user_id)
SELECT i.user_id, AVG(i.amount) AS trimmed_mean
FROM input_data i JOIN b ON i.user_id = b.user_id AND i.amount BETWEEN b.lo AND b.hi
GROUP BY i.user_id
--- payments: median absolute deviation
WITH m AS (SELECT user_id, MEDIAN(amount) AS med FROM input_data WHERE amount < 1e6 GROUP BY user_id)
SELECT i.user_id, MEDIAN(ABS(i.amount - m.med)) AS mad FROM input_data AS i LEFT JOIN m ON i.user_id = m.user_id WHERE i.amount < 1e6 GROUP BY i.user_id
--- payments: histogram by hand
SELECT user_id, COUNT_IF(amount < 10) AS b0, COUNT_IF(amount >= 10 AND amount < 100) AS b1, COUNT_IF(amount >= 100) AS b2,
       MODE(WIDTH_BUCKET(amount, 0, 100, 10)) AS usual_bucket
FROM input_data GROUP BY user_id
--- clicks: cumulative distribution
SELECT user_id, MAX(cd) AS share FROM (SELECT user_id, dwell_ms, CUME_DIST() OVER (PARTITION BY user_id ORDER BY dwell_ms) AS cd FROM input_data) t WHERE dwell_ms < 1000 GROUP BY user_id
