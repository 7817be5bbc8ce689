--- payments: ratio of two aggregates
WITH week AS (SELECT user_id, SUM(amount) AS s FROM input_data WHERE timestamp > current_timestamp - INTERVAL 7 DAYS GROUP BY user_id),
     month AS (SELECT user_id, SUM(amount) AS s FROM input_data WHERE timestamp > current_timestamp - INTERVAL 30 DAYS GROUP BY user_id)
SELECT month.user_id, COALESCE(week.s, 0) / NULLIF(month.s, 0) AS week_over_month FROM month LEFT JOIN week ON week.user_id = month.user_id
--- payments: approved against declined
WITH ok AS (SELECT user_id, COUNT(*) AS n FROM input_data WHERE status = 'approved' GROUP BY user_id),
     ko AS (SELECT user_id, COUNT(*) AS n FROM input_data WHERE status = 'declined' GROUP BY user_id),
     everyone AS (SELECT DISTINCT user_id FROM input_data)
SELECT e.user_id, COALESCE(ok.n, 0) AS approved, COALESCE(ko.n, 0) AS declined
FROM everyone e LEFT JOIN ok ON e.user_id = ok.user_id LEFT JOIN ko ON e.user_id = ko.user_id
--- payments: both sides
WITH a AS (SELECT user_id, SUM(points) AS earned FROM input_data WHERE points > 0 GROUP BY user_id),
     b AS (SELECT user_id, SUM(points) AS burned FROM input_data WHERE points < 0 GROUP BY user_id)
SELECT COALESCE(a.user_id, b.user_id) AS uid, a.earned, b.burned FROM a FULL OUTER JOIN b ON a.user_id = b.user_id
--- payments: more than the own mean
WITH m AS (SELECT user_id, AVG(amount) AS mean FROM input_data WHERE amount < 1e6 GROUP BY user_id)
SELECT i.user_id, COUNT(*) AS above FROM input_data i INNER JOIN m ON i.user_id = m.user_id WHERE i.amount > m.mean AND i.amount < 1e6 GROUP BY i.user_id
--- payments: pairs at the same merchant within an hour
SELECT a.user_id, COUNT(*) AS pairs
FROM input_data a JOIN input_data b
  ON a.user_id = b.user_id AND a.merchant = b.merchant AND b.timestamp > a.timestamp AND b.timestamp <= a.timestamp + INTERVAL 1 HOUR
GROUP BY a.user_id
--- clicks: views that led to purchases of the same page
WITH v AS (SELECT user_id, page, MIN(event_time) AS seen FROM input_data WHERE event = 'view' GROUP BY user_id, page),
     p AS (SELECT user_id, page, MIN(event_time) AS bought FROM input_data WHERE event = 'purchase' GROUP BY user_id, page)
SELECT v.user_id, COUNT(*) AS viewed, COUNT(p.bought) AS converted, AVG(TIMESTAMPDIFF(MINUTE, v.seen, p.bought)) AS minutes
FROM v LEFT JOIN p ON v.user_id = p.user_id AND v.page = p.page AND p.bought >= v.seen GROUP BY v.user_id
--- clicks: two facts by USING
WITH s AS (SELECT user_id, COUNT(DISTINCT session_id) AS sessions FROM input_data GROUP BY user_id),
     d AS (SELECT user_id, SUM(dwell_ms) AS dwell FROM input_data GROUP BY user_id)
SELECT user_id, sessions, dwell, dwell / sessions AS dwell_per_session FROM s JOIN d USING (user_id)
--- clicks: first touch and last touch
WITH f AS (SELECT user_id, MIN_BY(referrer, event_time) AS first_touch FROM input_data WHERE referrer IS NOT NULL GROUP BY user_id),
     l AS (SELECT user_id, MAX_BY(referrer, event_time) AS last_touch FROM input_data WHERE referrer IS NOT NULL GROUP BY user_id)
SELECT f.user_id, f.first_touch, l.last_touch, f.first_touch = l.last_touch AS same FROM f JOIN l ON f.user_id = l.user_id
--- orders: two keys in a join
WITH big AS (SELECT customer_id, store_id, COUNT(*) AS n FROM input_data WHERE total > 50 GROUP BY customer_id, store_id),
     every_one AS (SELECT customer_id, store_id, COUNT(*) AS n FROM input_data GROUP BY customer_id, store_id)
SELECT e.customer_id, e.store_id, COALESCE(b.n, 0) / e.n AS big_share
FROM every_one e LEFT JOIN big b ON e.customer_id = b.customer_id AND e.store_id = b.store_id
--- orders: joined by name with USING two keys
WITH a AS (SELECT customer_id, store_id, MAX(total) AS m FROM input_data GROUP BY customer_id, store_id)
SELECT customer_id, store_id, COUNT(*) AS n, MAX(m) AS m FROM input_data JOIN a USING (customer_id, store_id) WHERE total = m GROUP BY customer_id, store_id
--- payments: a chain of CTEs
WITH clean AS (SELECT user_id, timestamp, amount, LOWER(TRIM(category)) AS category FROM input_data WHERE amount > 0 AND amount < 1e6),
     daily AS (SELECT user_id, DATE(timestamp) AS day, category, SUM(amount) AS spent FROM clean GROUP BY user_id, DATE(timestamp), category),
     best AS (SELECT user_id, day, MAX(spent) AS top FROM daily GROUP BY user_id, day)
SELECT user_id, AVG(top) AS avg_daily_top, COUNT(*) AS days FROM best GROUP BY user_id
--- payments: same rows by a subquery in FROM
SELECT t.user_id, t.total, t.total / t.n AS mean FROM (SELECT user_id, SUM(points) AS total, COUNT(points) AS n FROM input_data GROUP BY user_id) AS t WHERE t.n > 0
--- payments: IN over the own rows
WITH top AS (SELECT user_id, merchant, COUNT(*) AS n FROM input_data GROUP BY user_id, merchant HAVING COUNT(*) >= 2)
SELECT i.user_id, SUM(i.points) AS points_at_regulars FROM input_data i JOIN top t ON i.user_id = t.user_id AND i.merchant = t.merchant GROUP BY i.user_id
--- payments: regulars never visited lately
WITH old AS (SELECT DISTINCT user_id, merchant FROM input_data WHERE timestamp < current_timestamp - INTERVAL 10 DAYS),
     recent AS (SELECT DISTINCT user_id, merchant FROM input_data WHERE timestamp >= current_timestamp - INTERVAL 10 DAYS)
SELECT o.user_id, COUNT(*) AS dropped FROM old o LEFT JOIN recent r ON o.user_id = r.user_id AND o.merchant = r.merchant WHERE r.merchant IS NULL GROUP BY o.user_id
--- payments: anti join
WITH bad AS (SELECT DISTINCT user_id, device FROM input_data WHERE status = 'declined')
SELECT i.user_id, COUNT(*) AS on_clean_devices FROM input_data i LEFT ANTI JOIN bad ON i.user_id = bad.user_id AND i.device = bad.device GROUP BY i.user_id
--- payments: semi join
WITH used AS (SELECT user_id, card FROM input_data WHERE status = 'approved')
SELECT i.user_id, COUNT(*) AS on_proven_cards FROM input_data i LEFT SEMI JOIN used u ON i.user_id = u.user_id AND i.card = u.card GROUP BY i.user_id
