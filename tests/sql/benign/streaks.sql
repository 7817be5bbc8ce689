--- clicks: longest streak of days
WITH days AS (SELECT DISTINCT user_id, DATE(event_time) AS d FROM input_data),
     islands AS (SELECT user_id, d, DATE_SUB(d, CAST(DENSE_RANK() OVER (PARTITION BY user_id ORDER BY d) AS INT)) AS island FROM days),
     runs AS (SELECT user_id, island, COUNT(*) AS length, MAX(d) AS until FROM islands GROUP BY user_id, island)
SELECT user_id, MAX(length) AS longest_streak, MAX_BY(length, until) AS last_streak FROM runs GROUP BY user_id
--- payments: declines in a row
WITH x AS (
  SELECT user_id, status, timestamp,
         ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp) AS a,
         ROW_NUMBER() OVER (PARTITION BY user_id, status ORDER BY timestamp) AS b
  FROM input_data
), runs AS (SELECT user_id, status, a - b AS g, COUNT(*) AS n FROM x GROUP BY user_id, status, a - b)
SELECT user_id, MAX(CASE WHEN status = 'declined' THEN n ELSE 0 END) AS declines_in_a_row, MAX(n) AS longest FROM runs GROUP BY user_id
--- payments: declines since the last success
WITH f AS (
  SELECT user_id, status, SUM(CASE WHEN status = 'approved' THEN 1 ELSE 0 END) OVER (
      PARTITION BY user_id ORDER BY timestamp DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS later_successes
  FROM input_data
)
SELECT user_id, COUNT(*) AS since_success FROM f WHERE later_successes = 0 GROUP BY user_id
--- payments: rising amounts
SELECT user_id, SUM(CASE WHEN amount > before THEN 1 ELSE 0 END) AS rises, SUM(CASE WHEN amount < before THEN 1 ELSE 0 END) AS falls
FROM (SELECT user_id, amount, LAG(amount) OVER (PARTITION BY user_id ORDER BY timestamp) AS before FROM input_data) t GROUP BY user_id
--- payments: three higher in a row
SELECT user_id, COUNT_IF(amount > p1 AND p1 > p2) AS triples
FROM (
  SELECT user_id, amount, LAG(amount, 1) OVER (PARTITION BY user_id ORDER BY timestamp) AS p1, LAG(amount, 2) OVER (PARTITION BY user_id ORDER BY timestamp) AS p2
  FROM input_data
) t GROUP BY user_id
--- sensors: changes of state
SELECT device_id, COUNT_IF(NOT (state <=> before)) AS changes
FROM (SELECT device_id, state, LAG(state) OVER (PARTITION BY device_id ORDER BY ts) AS before FROM input_data) t GROUP BY device_id
--- sensors: readings in a row above the limit
SELECT device_id, MAX(run) AS longest_hot
FROM (
  SELECT device_id, grp, COUNT(*) AS run
  FROM (
    SELECT device_id, hot, SUM(CASE WHEN hot THEN 0 ELSE 1 END) OVER (PARTITION BY device_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS grp
    FROM (SELECT device_id, ts, COALESCE(temperature > 30, FALSE) AS hot FROM input_data) a
  ) b WHERE hot GROUP BY device_id, grp
) c GROUP BY device_id
--- clicks: weeks in a row
WITH weeks AS (SELECT user_id, date_trunc('WEEK', event_time) AS w FROM input_data GROUP BY user_id, date_trunc('WEEK', event_time)),
     g AS (SELECT user_id, w, DATEDIFF(w, LAG(w) OVER (PARTITION BY user_id ORDER BY w)) AS gap FROM weeks)
SELECT user_id, COUNT(*) AS weeks, COUNT_IF(gap = 7) AS consecutive, MAX(gap) AS longest_break FROM g GROUP BY user_id
--- clicks: repeats of the same page
SELECT user_id, SUM(CASE WHEN page = LAG_PAGE THEN 1 ELSE 0 END) AS reloads
FROM (SELECT user_id, page, LAG(page) OVER (PARTITION BY user_id ORDER BY event_time) AS lag_page FROM input_data) t GROUP BY user_id
--- orders: orders in consecutive months
WITH m AS (SELECT customer_id, store_id, YEAR(created_at) * 12 + MONTH(created_at) AS mo FROM input_data GROUP BY customer_id, store_id, YEAR(created_at) * 12 + MONTH(created_at)),
     i AS (SELECT customer_id, store_id, mo - ROW_NUMBER() OVER (PARTITION BY customer_id, store_id ORDER BY mo) AS island FROM m),
     r AS (SELECT customer_id, store_id, island, COUNT(*) AS n FROM i GROUP BY customer_id, store_id, island)
SELECT customer_id, store_id, MAX(n) AS months_in_a_row FROM r GROUP BY customer_id, store_id
--- payments: first time above a limit
SELECT user_id, MIN(timestamp) AS first_big, COUNT(*) AS big FROM input_data WHERE amount >= 100 GROUP BY user_id
