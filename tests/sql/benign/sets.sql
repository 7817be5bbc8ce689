--- payments: two kinds of events in one
SELECT user_id, COUNT(*) AS n, SUM(v) AS total FROM (
  SELECT user_id, points AS v FROM input_data WHERE points > 0
  UNION ALL
  SELECT user_id, CAST(fee AS BIGINT) AS v FROM input_data WHERE fee > 0) u
GROUP BY user_id
--- payments: distinct values over two columns
SELECT user_id, COUNT(*) AS names FROM (SELECT user_id, merchant AS name FROM input_data UNION SELECT user_id, category AS name FROM input_data) u WHERE name IS NOT NULL GROUP BY user_id
--- payments: merchants online and in store
SELECT user_id, COUNT(*) AS both_ways FROM (SELECT user_id, merchant FROM input_data WHERE online INTERSECT SELECT user_id, merchant FROM input_data WHERE NOT online) b GROUP BY user_id
--- payments: merchants online only
SELECT user_id, COUNT(*) AS online_only FROM (SELECT user_id, merchant FROM input_data WHERE online EXCEPT SELECT user_id, merchant FROM input_data WHERE NOT online) b GROUP BY user_id
--- clicks: distinct pairs
SELECT user_id, COUNT(*) AS pairs FROM (SELECT DISTINCT user_id, event, page FROM input_data) p GROUP BY user_id
--- clicks: unpivoted by UNION
WITH u AS (SELECT user_id, 'view' AS k, COUNT_IF(event = 'view') AS n FROM input_data GROUP BY user_id
           UNION ALL SELECT user_id, 'buy' AS k, COUNT_IF(event = 'purchase') AS n FROM input_data GROUP BY user_id)
SELECT user_id, MAX_BY(k, n) AS mostly, SUM(n) AS n FROM u GROUP BY user_id
