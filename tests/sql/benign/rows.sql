--- payments: transformed row
SELECT user_id, amount * 100 AS cents, UPPER(currency) AS currency, amount > 100 AS is_big, HOUR(timestamp) AS h FROM input_data
--- payments: buckets of a row
SELECT user_id, CASE WHEN amount IS NULL THEN 'none' WHEN amount < 10 THEN 'small' WHEN amount < 100 THEN 'medium' ELSE 'large' END AS bucket FROM input_data
--- payments: several conditions
SELECT user_id, amount, (online AND amount > 50) OR country <> 'BR' AS risky, COALESCE(note, merchant, 'unknown') AS label FROM input_data WHERE status <> 'error'
--- payments: log of an amount
SELECT user_id, LOG(amount) AS ln, LOG10(amount) AS lg, LOG1P(amount) AS l1, SQRT(amount) AS sq, POWER(amount, 2) AS p2 FROM input_data WHERE amount > 0 AND amount < 1e6
--- payments: output named by another
SELECT user_id, amount * 1.1 AS gross, gross - amount AS tax, ROUND(tax, 2) AS tax_rounded FROM input_data WHERE amount < 1e6
--- payments: conditionals of all kinds
SELECT user_id, IF(amount > 0, 1, -1) AS sign, NVL(note, '-') AS n, NVL2(card, 'card', 'cash') AS how, IFNULL(points, 0) AS p, NULLIF(status, '') AS s, DECODE(status, 'approved', 1, 'declined', 0, -1) AS code FROM input_data
--- payments: nothing but a filter
SELECT user_id, merchant, amount FROM input_data WHERE amount BETWEEN 1 AND 500 AND category IN ('food', 'travel') AND NOT online
--- payments: a CTE of rows
WITH t AS (SELECT user_id, amount, LOWER(category) AS cat FROM input_data WHERE amount IS NOT NULL)
SELECT user_id, cat, amount, amount >= 0 AS credit FROM t WHERE cat IS NOT NULL
--- clicks: row of flags
SELECT user_id, event = 'purchase' AS is_purchase, LENGTH(query) AS query_length, dwell_ms / 1000.0 AS seconds, logged_in IS TRUE AS known FROM input_data
--- clicks: quoted names
SELECT `user_id`, `event` AS `last_event`, `dwell_ms` AS `dwell` FROM `input_data`
--- orders: row of an order
SELECT customer_id, store_id, total - total * CAST(discount AS DECIMAL(5,2)) AS net, SIZE(items) AS lines, DATEDIFF(due, DATE(created_at)) AS promised FROM input_data WHERE discount BETWEEN 0 AND 1
--- sensors: one line with comments
SELECT device_id, -- the key
       temperature /* in degrees */ AS t FROM input_data
--- clicks: hashes as buckets
SELECT user_id, PMOD(CRC32(session_id), 100) AS bucket, SUBSTRING(MD5(session_id), 1, 8) AS h FROM input_data
