--- payments: moving mean of five
SELECT user_id, amount, AVG(amount) OVER (PARTITION BY user_id ORDER BY timestamp ROWS BETWEEN 4 PRECEDING AND CURRENT ROW) AS ma5,
       ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) AS rn
FROM input_data WHERE ABS(amount) < 1e6
QUALIFY rn = 1
--- payments: running total
SELECT user_id, MAX(running) AS peak, MIN(running) AS trough FROM (
  SELECT user_id, SUM(points) OVER (PARTITION BY user_id ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM input_data) r
GROUP BY user_id
--- payments: share of the running day
SELECT user_id, MAX(points / NULLIF(day_points, 0)) AS top_share
FROM (SELECT user_id, points, SUM(points) OVER (PARTITION BY user_id, DATE(timestamp)) AS day_points FROM input_data WHERE points BETWEEN 0 AND 100000) t GROUP BY user_id
--- payments: rank by amount
SELECT user_id, COUNT_IF(r = 1) AS ties_at_top, MAX(dr) AS levels FROM (
  SELECT user_id, RANK() OVER (PARTITION BY user_id ORDER BY amount DESC) AS r, DENSE_RANK() OVER (PARTITION BY user_id ORDER BY amount DESC NULLS LAST) AS dr FROM input_data) t
GROUP BY user_id
--- payments: second largest
SELECT user_id, MAX(amount) AS second FROM (SELECT user_id, amount, DENSE_RANK() OVER (PARTITION BY user_id ORDER BY amount DESC) AS dr FROM input_data) t WHERE dr = 2 GROUP BY user_id
--- payments: change against the one before
SELECT user_id, AVG(amount - prev) AS mean_step, MAX((amount - prev) / NULLIF(prev, 0)) AS max_rel FROM (
  SELECT user_id, amount, LAG(amount) OVER (PARTITION BY user_id ORDER BY timestamp) AS prev FROM input_data WHERE ABS(amount) < 1e6) t GROUP BY user_id
--- payments: largest of the three around
SELECT user_id, MIN(m) AS m FROM (SELECT user_id, MAX(points) OVER (PARTITION BY user_id ORDER BY timestamp ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS m FROM input_data) t GROUP BY user_id
--- payments: seven days behind each
SELECT user_id, MAX(n7) AS busiest_week FROM (
  SELECT user_id, COUNT(*) OVER (PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW) AS n7 FROM input_data) t GROUP BY user_id
--- payments: first and last of each day
SELECT user_id, COUNT_IF(amount = f) AS first_amounts, SUM(CASE WHEN l IS NULL THEN 1 ELSE 0 END) AS open_end FROM (
  SELECT user_id, amount, FIRST_VALUE(amount) OVER (PARTITION BY user_id, TO_DATE(timestamp) ORDER BY timestamp) AS f,
         LAST_VALUE(amount) OVER (PARTITION BY user_id, TO_DATE(timestamp) ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l
  FROM input_data) t GROUP BY user_id
--- payments: running last value
SELECT user_id, COUNT(DISTINCT so_far) AS seen FROM (SELECT user_id, LAST_VALUE(merchant) OVER (PARTITION BY user_id ORDER BY timestamp) AS so_far FROM input_data) t GROUP BY user_id
--- payments: filled from before
SELECT user_id, LAST(filled) AS country_filled FROM (
  SELECT user_id, LAST_VALUE(country, TRUE) OVER (PARTITION BY user_id ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS filled FROM input_data) t GROUP BY user_id
--- payments: filled from before in other words
SELECT user_id, COUNT(filled) AS n FROM (SELECT user_id, LAST(device) IGNORE NULLS OVER (PARTITION BY user_id ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS filled FROM input_data) t GROUP BY user_id
--- payments: z score of each against the rest
SELECT user_id, MAX(z) AS max_z FROM (
  SELECT user_id, (amount - AVG(amount) OVER (PARTITION BY user_id)) / NULLIF(STDDEV(amount) OVER (PARTITION BY user_id), 0) AS z
  FROM input_data WHERE amount BETWEEN 0 AND 1000) t
GROUP BY user_id
--- payments: next payment
SELECT user_id, MIN(wait) AS quickest FROM (SELECT user_id, TIMESTAMPDIFF(SECOND, timestamp, LEAD(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp)) AS wait FROM input_data) t GROUP BY user_id
--- payments: running count per merchant
SELECT user_id, MAX(nth) AS most_visits, COUNT_IF(nth = 1) AS new_merchants FROM (
  SELECT user_id, COUNT(*) OVER (PARTITION BY user_id, merchant ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS nth FROM input_data) t GROUP BY user_id
--- sensors: smoothed temperature
SELECT device_id, MAX(s) - MIN(s) AS swing FROM (
  SELECT device_id, AVG(temperature) OVER (PARTITION BY device_id ORDER BY ts ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING) AS s FROM input_data) t GROUP BY device_id
--- sensors: windows over daily groups
SELECT device_id, MAX(avg_t - before) AS largest_rise FROM (
  SELECT device_id, DATE(ts) AS d, AVG(temperature) AS avg_t, LAG(AVG(temperature)) OVER (PARTITION BY device_id ORDER BY DATE(ts)) AS before
  FROM input_data GROUP BY device_id, DATE(ts)) t
GROUP BY device_id
--- sensors: third reading
SELECT device_id, MAX(third) AS third FROM (SELECT device_id, NTH_VALUE(temperature, 3) OVER (PARTITION BY device_id ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS third FROM input_data) t GROUP BY device_id
--- payments: distinct merchants so far
SELECT user_id, MAX(k) AS k FROM (
  SELECT user_id, SUM(is_new) OVER (PARTITION BY user_id ORDER BY timestamp ROWS UNBOUNDED PRECEDING) AS k
  FROM (SELECT user_id, timestamp, CASE WHEN ROW_NUMBER() OVER (PARTITION BY user_id, merchant ORDER BY timestamp) = 1 THEN 1 ELSE 0 END AS is_new FROM input_data) a) b
GROUP BY user_id
--- payments: max of a rolling half day
SELECT user_id, MAX(m) AS m, MIN(m) AS l FROM (
  SELECT user_id, MAX(amount) OVER (PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN INTERVAL '12' HOUR PRECEDING AND INTERVAL '0' HOUR FOLLOWING) AS m FROM input_data) t GROUP BY user_id
