--- payments: the newest row by QUALIFY
SELECT user_id, amount, merchant, status FROM input_data QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) = 1
--- payments: the newest row by a subquery
SELECT user_id, amount AS last_amount, merchant AS last_merchant
FROM (SELECT user_id, amount, merchant, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) AS rn FROM input_data) ranked
WHERE rn = 1
--- payments: the newest row with everything
SELECT user_id, amount, category, country FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp DESC) AS rn FROM input_data) WHERE rn = 1
--- payments: CTE over everything
WITH recent AS (SELECT * FROM input_data WHERE amount > 0)
SELECT user_id, COUNT(*) AS n, SUM(points) AS p FROM recent GROUP BY user_id
--- payments: everything of a CTE
WITH f AS (SELECT user_id, COUNT(*) AS n, MAX(amount) AS biggest FROM input_data GROUP BY user_id)
SELECT * FROM f
--- payments: first approved
SELECT user_id, merchant, amount FROM input_data WHERE status = 'approved' QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY timestamp) = 1
--- payments: largest row
SELECT user_id, amount, merchant, timestamp AS at FROM input_data QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY amount DESC NULLS LAST, timestamp DESC) = 1
--- payments: deduplicated by reference
WITH d AS (SELECT user_id, merchant, amount, timestamp, ROW_NUMBER() OVER (PARTITION BY user_id, card, merchant ORDER BY timestamp DESC) AS rn FROM input_data)
SELECT user_id, COUNT(*) AS unique_pairs, SUM(CASE WHEN amount < 1e6 THEN amount END) AS total FROM d WHERE rn = 1 GROUP BY user_id
--- orders: latest state of each order
WITH l AS (SELECT customer_id, store_id, order_id, status, total, ROW_NUMBER() OVER (PARTITION BY customer_id, store_id, order_id ORDER BY created_at DESC) AS rn FROM input_data)
SELECT customer_id, store_id, COUNT(*) AS orders, COUNT_IF(status = 'shipped') AS shipped, SUM(total) AS value FROM l WHERE rn = 1 GROUP BY customer_id, store_id
--- orders: newest order
SELECT customer_id, store_id, order_id, total, status, address.city AS city FROM input_data QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id, store_id ORDER BY created_at DESC) = 1
--- sensors: latest by row
SELECT device_id, temperature, humidity, battery, state FROM input_data
--- sensors: latest where it is known
SELECT device_id, temperature * 9 / 5 + 32 AS fahrenheit, COALESCE(state, 'unknown') AS state FROM input_data WHERE temperature IS NOT NULL
--- clicks: last three pages
WITH r AS (SELECT user_id, page, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY event_time DESC) AS rn FROM input_data WHERE page IS NOT NULL)
SELECT user_id, MAX(CASE WHEN rn = 1 THEN page END) AS p1, MAX(CASE WHEN rn = 2 THEN page END) AS p2, MAX(CASE WHEN rn = 3 THEN page END) AS p3 FROM r WHERE rn <= 3 GROUP BY user_id
--- clicks: mean of the last five
SELECT user_id, AVG(dwell_ms) AS avg_last_5, COUNT(*) AS n FROM (
  SELECT user_id, dwell_ms FROM input_data QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY event_time DESC) <= 5) t
GROUP BY user_id
--- clicks: most visited page
SELECT user_id, page AS top_page FROM (
  SELECT user_id, page, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY n DESC, page) AS rn
  FROM (SELECT user_id, page, COUNT(*) AS n FROM input_data WHERE page IS NOT NULL GROUP BY user_id, page) c) r
WHERE rn = 1
--- clicks: page ranked in one SELECT
SELECT user_id, page, COUNT(*) AS n FROM input_data GROUP BY user_id, page QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY COUNT(*) DESC, page ASC) = 1
