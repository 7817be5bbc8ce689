--- payments: time of day
SELECT user_id,
       COUNT_IF(HOUR(timestamp) BETWEEN 6 AND 11) AS morning, COUNT_IF(HOUR(timestamp) BETWEEN 12 AND 17) AS afternoon,
       COUNT_IF(HOUR(timestamp) BETWEEN 18 AND 22) AS evening, COUNT_IF(HOUR(timestamp) >= 23 OR HOUR(timestamp) <= 5) AS night
FROM input_data GROUP BY user_id
--- payments: weekend share
SELECT user_id, AVG(IF(DAYOFWEEK(timestamp) IN (1, 7), 1, 0)) AS weekend_share, COUNT_IF(WEEKDAY(timestamp) < 5) AS workdays FROM input_data GROUP BY user_id
--- payments: extract
SELECT user_id, MAX(EXTRACT(HOUR FROM timestamp)) AS latest_hour, MAX(EXTRACT(DOW FROM timestamp)) AS dow, MAX(date_part('MONTH', timestamp)) AS mo FROM input_data GROUP BY user_id
--- payments: usual hour on the circle
SELECT user_id, DEGREES(ATAN2(AVG(SIN(2 * PI() * HOUR(timestamp) / 24)), AVG(COS(2 * PI() * HOUR(timestamp) / 24)))) AS angle FROM input_data GROUP BY user_id
--- payments: by day of the month
SELECT user_id, COUNT_IF(DAY(timestamp) <= 5) AS early, COUNT_IF(LAST_DAY(timestamp) = DATE(timestamp)) AS month_end, COUNT_IF(DAYOFMONTH(timestamp) = 15) AS mid FROM input_data GROUP BY user_id
--- payments: monthly
WITH m AS (SELECT user_id, date_format(timestamp, 'yyyy-MM') AS month, SUM(points) AS p FROM input_data GROUP BY user_id, date_format(timestamp, 'yyyy-MM'))
SELECT user_id, COUNT(*) AS months, AVG(p) AS per_month, MAX_BY(month, p) AS best FROM m GROUP BY user_id
--- payments: by quarter and year
SELECT user_id, COUNT(DISTINCT CONCAT(YEAR(timestamp), 'Q', QUARTER(timestamp))) AS quarters, MAX(YEAR(timestamp)) AS last_year FROM input_data GROUP BY user_id
--- payments: week number
SELECT user_id, COUNT(DISTINCT WEEKOFYEAR(timestamp)) AS weeks, MAX(DAYOFYEAR(timestamp)) AS doy FROM input_data GROUP BY user_id
--- payments: day names
SELECT user_id, MODE(date_format(timestamp, 'EEE')) AS usual_day, MAX(date_format(timestamp, 'yyyy-MM-dd HH:mm:ss')) AS last_at FROM input_data GROUP BY user_id
--- payments: dates added
SELECT user_id, DATE_ADD(MAX(DATE(timestamp)), 30) AS expires, MAX(timestamp) + INTERVAL 90 DAYS AS review_at, ADD_MONTHS(MAX(DATE(timestamp)), 1) AS next_month FROM input_data GROUP BY user_id
--- payments: minutes into the day
SELECT user_id, AVG(HOUR(timestamp) * 60 + MINUTE(timestamp)) AS mean_minute, STDDEV(HOUR(timestamp) * 60 + MINUTE(timestamp)) AS sd_minute FROM input_data GROUP BY user_id
--- payments: epoch
SELECT user_id, MAX(UNIX_MILLIS(timestamp)) AS last_ms, MIN(UNIX_SECONDS(timestamp)) AS first_s, MAX(CAST(timestamp AS BIGINT)) AS last_s FROM input_data GROUP BY user_id
--- payments: text of a time
SELECT user_id, MAX(FROM_UNIXTIME(UNIX_TIMESTAMP(timestamp), 'yyyy-MM-dd HH')) AS last_hour, MAX(DATE_TRUNC('DAY', timestamp)) AS last_day FROM input_data GROUP BY user_id
--- orders: dates of delivery
SELECT customer_id, store_id, MAX(due) AS latest_due, AVG(DATEDIFF(due, DATE(created_at))) AS promised, COUNT_IF(due < '2026-02-01') AS before_feb FROM input_data GROUP BY customer_id, store_id
--- orders: time to ship
SELECT customer_id, store_id, AVG((UNIX_TIMESTAMP(shipped_at) - UNIX_TIMESTAMP(created_at)) / 3600) AS hours, MAX(TIMESTAMPDIFF(MINUTE, created_at, shipped_at)) AS most FROM input_data GROUP BY customer_id, store_id
--- orders: made of parts
SELECT customer_id, store_id, MAX(MAKE_DATE(YEAR(created_at), MONTH(created_at), 1)) AS month, MAX(TRUNC(created_at, 'MM')) AS month2, MAX(NEXT_DAY(due, 'MON')) AS monday FROM input_data GROUP BY customer_id, store_id
--- clicks: inside office hours
SELECT user_id, SUM(CASE WHEN WEEKDAY(event_time) BETWEEN 0 AND 4 AND HOUR(event_time) >= 9 AND HOUR(event_time) < 18 THEN 1 ELSE 0 END) / COUNT(*) AS office FROM input_data GROUP BY user_id
--- clicks: spread over hours
SELECT user_id, COUNT(DISTINCT HOUR(event_time)) AS hours_used, COUNT(DISTINCT DATE_TRUNC('hour', event_time)) AS distinct_hours FROM input_data GROUP BY user_id
--- clicks: half hours
SELECT user_id, COUNT(DISTINCT FLOOR(UNIX_TIMESTAMP(event_time) / 1800)) AS half_hours, MAX(FLOOR(UNIX_TIMESTAMP(event_time) / 86400)) AS last_day FROM input_data GROUP BY user_id
--- clicks: shifted by a time zone's offset
SELECT user_id, MODE(HOUR(event_time - INTERVAL 3 HOURS)) AS usual_hour_br, COUNT(DISTINCT TO_DATE(event_time - INTERVAL 3 HOURS)) AS local_days FROM input_data GROUP BY user_id
