--- payments: transactions of the last hour
SELECT user_id, COUNT(*) AS tx_count_1h
FROM input_data
WHERE timestamp > current_timestamp - INTERVAL 1 HOUR
GROUP BY user_id
--- payments: counts and sums over several spans
SELECT
  user_id,
  COUNT(CASE WHEN timestamp >= current_timestamp() - INTERVAL 10 MINUTES THEN 1 END) AS n_10m,
  COUNT(CASE WHEN timestamp >= current_timestamp() - INTERVAL 1 HOUR THEN 1 END)     AS n_1h,
  COUNT(CASE WHEN timestamp >= current_timestamp() - INTERVAL 24 HOURS THEN 1 END)   AS n_24h,
  SUM(CASE WHEN timestamp >= current_timestamp() - INTERVAL 24 HOURS THEN amount ELSE 0 END) AS sum_24h
FROM input_data
GROUP BY user_id
--- payments: amount against the week
SELECT user_id,
       SUM(amount) FILTER (WHERE timestamp > now() - INTERVAL '1' DAY) /
       NULLIF(SUM(amount) FILTER (WHERE timestamp > now() - INTERVAL '7' DAY), 0) AS day_share_of_week
FROM input_data GROUP BY user_id
--- payments: declined attempts
SELECT user_id, SUM(IF(status = 'declined', 1, 0)) AS declines, COUNT(1) AS attempts,
       SUM(IF(status = 'declined', 1, 0)) / COUNT(1) AS decline_rate
FROM input_data GROUP BY user_id
--- payments: distinct cards, devices and addresses
SELECT user_id, COUNT(DISTINCT card) AS cards, COUNT(DISTINCT device) AS devices, COUNT(DISTINCT ip) AS ips
FROM input_data GROUP BY user_id
--- payments: distinct merchants among approved ones
SELECT user_id, COUNT(DISTINCT CASE WHEN status == 'approved' THEN merchant END) AS approved_merchants
FROM input_data GROUP BY user_id
--- payments: approximate distinct counts
SELECT user_id, approx_count_distinct(merchant) AS merchants, approx_count_distinct(country, 0.05) AS countries
FROM input_data GROUP BY user_id
--- payments: smallest gap between two payments
WITH gaps AS (
  SELECT user_id,
         unix_timestamp(timestamp) - unix_timestamp(LAG(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp)) AS gap_s
  FROM input_data
)
SELECT user_id, MIN(gap_s) AS min_gap_s, AVG(gap_s) AS avg_gap_s, MAX(gap_s) AS max_gap_s FROM gaps GROUP BY user_id
--- payments: payments that came within a minute of the one before
SELECT user_id, COUNT_IF(gap <= 60) AS rapid, COUNT_IF(gap <= 60) > 2 AS is_rapid
FROM (
  SELECT user_id, TIMESTAMPDIFF(SECOND, LAG(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp), timestamp) AS gap
  FROM input_data
) g
GROUP BY user_id
--- payments: busiest hour ever
WITH hourly AS (
  SELECT user_id, date_trunc('HOUR', timestamp) AS h, COUNT(*) AS n, SUM(amount) AS total
  FROM input_data GROUP BY user_id, date_trunc('HOUR', timestamp)
)
SELECT user_id, MAX(n) AS max_per_hour, MAX(total) AS max_total_per_hour, MAX_BY(h, n) AS busiest FROM hourly GROUP BY user_id
--- payments: largest rolling hour
SELECT user_id, MAX(c) AS max_rolling_1h, MAX(s) AS max_rolling_sum
FROM (
  SELECT user_id,
         COUNT(*) OVER (PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW) AS c,
         SUM(points) OVER (PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW) AS s
  FROM input_data
) w GROUP BY user_id
--- payments: small test charge before a large one
SELECT user_id, COUNT_IF(amount > 100 AND previous < 5) AS card_testing
FROM (SELECT user_id, amount, LAG(amount, 1, 0.0) OVER (PARTITION BY user_id ORDER BY timestamp) AS previous FROM input_data) t
GROUP BY user_id
--- payments: countries within a day
SELECT user_id, MAX(n) AS most_countries_in_a_day
FROM (SELECT user_id, to_date(timestamp) AS d, COUNT(DISTINCT country) AS n FROM input_data GROUP BY user_id, to_date(timestamp)) x
GROUP BY user_id
--- payments: amount far above the mean
SELECT user_id, MAX(amount) AS biggest, AVG(amount) AS mean, STDDEV(amount) AS sd,
       CASE WHEN STDDEV(amount) > 0 THEN (MAX(amount) - AVG(amount)) / STDDEV(amount) ELSE 0 END AS z
FROM input_data WHERE amount BETWEEN -1000000 AND 1000000 GROUP BY user_id
--- payments: last amount against the mean of the others
WITH latest AS (
  SELECT user_id, MAX_BY(amount, timestamp) AS last_amount, AVG(amount) AS avg_amount FROM input_data GROUP BY user_id
)
SELECT user_id, last_amount, last_amount / NULLIF(avg_amount, 0) AS last_over_mean, last_amount > 3 * avg_amount AS outlier FROM latest
--- payments: online against in store
SELECT user_id,
       COUNT(*) FILTER (WHERE online)     AS online_n,
       COUNT(*) FILTER (WHERE NOT online) AS store_n,
       SUM(amount) FILTER (WHERE online IS TRUE AND status = 'approved') AS online_total
FROM input_data GROUP BY user_id
--- payments: first use of a device
SELECT user_id, MAX(CASE WHEN rn = 1 AND amount > 50 THEN 1 ELSE 0 END) AS big_on_new_device
FROM (SELECT user_id, amount, ROW_NUMBER() OVER (PARTITION BY user_id, device ORDER BY timestamp) AS rn FROM input_data)
GROUP BY user_id
--- payments: refunds to purchases
SELECT user_id, SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END) AS refunded,
       SUM(GREATEST(amount, 0)) AS bought,
       ROUND(SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END) / NULLIF(SUM(CASE WHEN amount > 0 THEN amount END), 0), 4) AS refund_ratio
FROM input_data GROUP BY user_id HAVING COUNT(*) >= 1
--- payments: round amounts
SELECT user_id, AVG(CASE WHEN amount % 1 = 0 THEN 1.0 ELSE 0.0 END) AS round_share,
       SUM(CASE WHEN MOD(points, 100) = 0 THEN 1 ELSE 0 END) AS round_points
FROM input_data GROUP BY user_id
--- payments: fee totals in exact money
SELECT user_id, SUM(fee) AS fees, AVG(fee) AS avg_fee, MAX(fee) AS max_fee, SUM(fee * 2) AS doubled, CAST(SUM(fee) AS DOUBLE) AS fees_d
FROM input_data GROUP BY user_id
--- payments: velocity by status and channel
SELECT user_id,
       COUNT(*) FILTER (WHERE status = 'approved' AND timestamp >= current_timestamp - INTERVAL 3 DAYS) AS approved_3d,
       COUNT(*) FILTER (WHERE status IN ('declined', 'error') AND timestamp >= current_timestamp - INTERVAL 3 DAYS) AS failed_3d,
       COUNT(DISTINCT merchant) FILTER (WHERE timestamp >= current_timestamp - INTERVAL 30 DAYS) AS merchants_30d
FROM input_data GROUP BY user_id
--- payments: acceleration
WITH w AS (
  SELECT user_id,
         SUM(CASE WHEN timestamp > current_timestamp - INTERVAL 7 DAYS THEN 1 ELSE 0 END) AS this_week,
         SUM(CASE WHEN timestamp <= current_timestamp - INTERVAL 7 DAYS AND timestamp > current_timestamp - INTERVAL 14 DAYS THEN 1 ELSE 0 END) AS last_week
  FROM input_data GROUP BY user_id
)
SELECT user_id, this_week, last_week, this_week - last_week AS delta, this_week / NULLIF(last_week, 0) AS growth FROM w
--- payments: same amount at the same merchant twice
SELECT user_id, COUNT(*) AS duplicates
FROM (
  SELECT user_id, merchant, amount, COUNT(*) AS n FROM input_data GROUP BY user_id, merchant, amount HAVING COUNT(*) > 1
) d GROUP BY user_id
--- payments: night payments of large amounts
SELECT user_id, COUNT_IF((hour(timestamp) >= 23 OR hour(timestamp) < 5) AND amount > 100) AS night_big,
       BOOL_OR(hour(timestamp) BETWEEN 0 AND 4) AS any_night
FROM input_data GROUP BY user_id
--- payments: points earned, clipped
SELECT user_id, LEAST(GREATEST(COALESCE(SUM(points), 0), 0), 100000) AS points_clipped, LN(1 + ABS(COALESCE(SUM(amount), 0))) AS log_total
FROM input_data GROUP BY user_id
--- payments: card switches
SELECT user_id, SUM(CASE WHEN card <> prev THEN 1 ELSE 0 END) AS switches
FROM (SELECT user_id, card, LAG(card) OVER (PARTITION BY user_id ORDER BY timestamp ASC) AS prev FROM input_data) AS s
GROUP BY user_id
