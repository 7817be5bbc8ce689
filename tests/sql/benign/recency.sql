--- payments: days since the last payment
SELECT user_id, DATEDIFF(current_date(), MAX(timestamp)) AS days_since_last FROM input_data GROUP BY user_id
--- payments: hours since first and last
SELECT user_id, TIMESTAMPDIFF(HOUR, MIN(timestamp), current_timestamp) AS tenure_h,
       TIMESTAMPDIFF(HOUR, MAX(timestamp), current_timestamp) AS idle_h
FROM input_data GROUP BY user_id
--- payments: seconds since the last payment
SELECT user_id, unix_timestamp() - unix_timestamp(MAX(timestamp)) AS idle_s FROM input_data GROUP BY user_id
--- payments: first and last time
SELECT user_id, MIN(timestamp) AS first_seen, MAX(timestamp) AS last_seen, DATEDIFF(MAX(timestamp), MIN(timestamp)) AS span_days
FROM input_data GROUP BY user_id
--- payments: last known values
SELECT user_id, LAST(country) AS last_country, LAST(device, TRUE) AS last_device, FIRST(merchant) AS first_merchant,
       LAST_VALUE(card) IGNORE NULLS AS last_card, ANY_VALUE(currency) AS some_currency
FROM input_data GROUP BY user_id
--- payments: latest by time
SELECT user_id, MAX_BY(merchant, timestamp) AS last_merchant, MIN_BY(merchant, timestamp) AS first_merchant,
       MAX_BY(amount, timestamp) FILTER (WHERE status = 'approved') AS last_approved
FROM input_data GROUP BY user_id
--- payments: merchant of the largest payment
SELECT user_id, MAX_BY(merchant, amount) AS merchant_of_max, MIN_BY(category, amount) AS category_of_min FROM input_data GROUP BY user_id
--- payments: active in the last month
SELECT user_id, MAX(timestamp) >= current_timestamp - INTERVAL 30 DAYS AS active_30d FROM input_data GROUP BY user_id
--- payments: lifecycle stage
SELECT user_id,
       CASE WHEN MAX(timestamp) > current_timestamp - INTERVAL 7 DAYS THEN 'active'
            WHEN MAX(timestamp) > current_timestamp - INTERVAL 30 DAYS THEN 'cooling'
            ELSE 'dormant' END AS stage
FROM input_data GROUP BY user_id
--- clicks: days active
SELECT user_id, COUNT(DISTINCT DATE(event_time)) AS active_days, COUNT(DISTINCT date_trunc('week', event_time)) AS active_weeks
FROM input_data GROUP BY user_id
--- clicks: days since the last purchase and the last visit
SELECT user_id, DATEDIFF(DAY, MAX(event_time), current_timestamp()) AS since_visit,
       MAX(CASE WHEN event = 'purchase' THEN event_time END) AS last_purchase_at
FROM input_data GROUP BY user_id
--- clicks: how long between signup and purchase
SELECT user_id,
       TIMESTAMPDIFF(MINUTE, MIN(CASE WHEN event = 'signup' THEN event_time END), MIN(CASE WHEN event = 'purchase' THEN event_time END)) AS minutes_to_buy
FROM input_data GROUP BY user_id
--- clicks: recency, frequency, value
SELECT user_id, MAX(event_time) AS recency, COUNT(*) AS frequency, SUM(COALESCE(dwell_ms, 0)) / 1000 AS seconds
FROM input_data WHERE event NOT IN ('bot', 'ping') GROUP BY user_id
--- clicks: exponentially decayed activity
SELECT user_id, SUM(EXP(-DATEDIFF(last_at, event_time) / 7.0)) AS decayed
FROM (SELECT user_id, event_time, MAX(event_time) OVER (PARTITION BY user_id) AS last_at FROM input_data) t
GROUP BY user_id
--- sensors: last reading and its age
SELECT device_id, MAX_BY(temperature, ts) AS last_temperature, MAX(ts) AS last_at,
       TIMESTAMPDIFF(MINUTE, MAX(ts), current_timestamp) AS age_min
FROM input_data GROUP BY device_id
--- orders: time since the last order per store
SELECT customer_id, store_id, DATEDIFF(current_date, MAX(created_at)) AS days_idle, COUNT(*) AS orders FROM input_data GROUP BY customer_id, store_id
--- payments: events before and after a point
SELECT user_id, COUNT_IF(timestamp < '2026-01-01') AS before_2026, COUNT_IF(timestamp >= TIMESTAMP '2026-01-01 00:00:00') AS since_2026,
       COUNT_IF(timestamp BETWEEN '2026-01-01' AND '2026-01-31 23:59:59') AS in_january
FROM input_data GROUP BY user_id
--- payments: nth latest amounts
SELECT user_id, MAX(CASE WHEN rn = 1 THEN amount END) AS last_1, MAX(CASE WHEN rn = 2 THEN amount END) AS last_2, MAX(CASE WHEN rn = 3 THEN amount END) AS last_3
FROM (SELECT user_id, amount, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) AS rn FROM input_data) r
WHERE rn <= 3 GROUP BY user_id
--- orders: months between first and last order
SELECT customer_id, store_id, MONTHS_BETWEEN(MAX(created_at), MIN(created_at)) AS tenure_months FROM input_data GROUP BY customer_id, store_id
