--- clicks: sessions by half an hour of silence
WITH marked AS (
  SELECT user_id, event_time,
         CASE WHEN event_time > LAG(event_time) OVER (PARTITION BY user_id ORDER BY event_time) + INTERVAL 30 MINUTES
                OR LAG(event_time) OVER (PARTITION BY user_id ORDER BY event_time) IS NULL
              THEN 1 ELSE 0 END AS starts
  FROM input_data
),
numbered AS (
  SELECT user_id, event_time, SUM(starts) OVER (PARTITION BY user_id ORDER BY event_time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_no
  FROM marked
),
sessions AS (
  SELECT user_id, session_no, COUNT(*) AS events, MIN(event_time) AS started, MAX(event_time) AS ended
  FROM numbered GROUP BY user_id, session_no
)
SELECT user_id, COUNT(*) AS sessions, AVG(events) AS events_per_session,
       MAX(unix_timestamp(ended) - unix_timestamp(started)) AS longest_s
FROM sessions GROUP BY user_id
--- clicks: sessions by their id
SELECT user_id, COUNT(DISTINCT session_id) AS sessions, COUNT(*) / COUNT(DISTINCT session_id) AS depth FROM input_data GROUP BY user_id
--- clicks: pages and time per session
WITH s AS (
  SELECT user_id, session_id, COUNT(*) AS hits, COUNT(DISTINCT page) AS pages, SUM(dwell_ms) AS dwell
  FROM input_data WHERE session_id IS NOT NULL GROUP BY user_id, session_id
)
SELECT user_id, AVG(hits) AS avg_hits, MAX(pages) AS max_pages, SUM(dwell) / COUNT(*) AS dwell_per_session FROM s GROUP BY user_id
--- clicks: bounce rate
SELECT user_id, AVG(CASE WHEN hits = 1 THEN 1 ELSE 0 END) AS bounce_rate
FROM (SELECT user_id, session_id, COUNT(*) AS hits FROM input_data GROUP BY user_id, session_id) x GROUP BY user_id
--- clicks: length of the last session
WITH s AS (
  SELECT user_id, session_id, MIN(event_time) AS a, MAX(event_time) AS b FROM input_data GROUP BY user_id, session_id
)
SELECT user_id, MAX_BY(TIMESTAMPDIFF(SECOND, a, b), b) AS last_session_s, MAX(b) AS last_end FROM s GROUP BY user_id
--- clicks: first and last page of a session
SELECT user_id, COUNT(DISTINCT landing) AS landings, COUNT_IF(landing = leaving) AS one_page
FROM (
  SELECT user_id, session_id, FIRST(page) AS landing, LAST(page) AS leaving FROM input_data GROUP BY user_id, session_id
) p GROUP BY user_id
--- clicks: funnel per session
WITH f AS (
  SELECT user_id, session_id,
         MAX(CASE WHEN event = 'view' THEN 1 ELSE 0 END) AS viewed,
         MAX(CASE WHEN event = 'add_to_cart' THEN 1 ELSE 0 END) AS carted,
         MAX(CASE WHEN event = 'purchase' THEN 1 ELSE 0 END) AS bought
  FROM input_data GROUP BY user_id, session_id
)
SELECT user_id, SUM(viewed) AS viewed, SUM(carted) AS carted, SUM(bought) AS bought,
       SUM(bought) / NULLIF(SUM(carted), 0) AS cart_conversion
FROM f GROUP BY user_id
--- clicks: abandoned carts
SELECT user_id, COUNT(*) AS abandoned
FROM (
  SELECT user_id, session_id FROM input_data GROUP BY user_id, session_id
  HAVING COUNT_IF(event = 'add_to_cart') > 0 AND COUNT_IF(event = 'purchase') = 0
) a GROUP BY user_id
--- clicks: steps from view to purchase
SELECT user_id, COUNT_IF(event = 'purchase' AND before = 'add_to_cart') AS direct, COUNT_IF(before IS NULL) AS first_steps
FROM (SELECT user_id, event, LAG(event) OVER (PARTITION BY user_id, session_id ORDER BY event_time) AS before FROM input_data) t
GROUP BY user_id
--- clicks: event after search
SELECT user_id, COUNT_IF(event = 'search' AND following = 'view') / NULLIF(COUNT_IF(event = 'search'), 0) AS search_success
FROM (SELECT user_id, event, LEAD(event) OVER (PARTITION BY user_id ORDER BY event_time) AS following FROM input_data) t
GROUP BY user_id
--- clicks: scroll depth
SELECT user_id, AVG(scroll) AS avg_scroll, MAX(scroll) AS max_scroll, COUNT_IF(scroll >= 0.9) AS read_through FROM input_data WHERE event = 'view' GROUP BY user_id
--- clicks: window specification by name
SELECT user_id, MAX(n) AS longest_run, MAX(gap) AS longest_gap
FROM (
  SELECT user_id, ROW_NUMBER() OVER w AS n, unix_timestamp(event_time) - unix_timestamp(LAG(event_time) OVER w) AS gap
  FROM input_data
  WINDOW w AS (PARTITION BY user_id ORDER BY event_time)
) q GROUP BY user_id
--- clicks: sessions of today against before
SELECT user_id, COUNT(DISTINCT CASE WHEN event_time >= current_timestamp - INTERVAL 1 DAY THEN session_id END) AS today,
       COUNT(DISTINCT CASE WHEN event_time < current_timestamp - INTERVAL 1 DAY THEN session_id END) AS before_today
FROM input_data GROUP BY user_id
--- clicks: share of sessions logged in
SELECT user_id, AVG(CAST(any_login AS INT)) AS login_share
FROM (SELECT user_id, session_id, BOOL_OR(logged_in) AS any_login FROM input_data GROUP BY user_id, session_id) s GROUP BY user_id
--- clicks: typical time on a page
SELECT user_id, MEDIAN(dwell_ms) AS median_dwell, PERCENTILE_APPROX(dwell_ms, 0.9) AS p90_dwell, SUM(dwell_ms) DIV 60000 AS minutes
FROM input_data WHERE dwell_ms > 0 GROUP BY user_id
--- clicks: whole path of the last events
SELECT user_id, CONCAT_WS(' > ', COLLECT_LIST(event)) AS path, COUNT(*) AS steps FROM input_data GROUP BY user_id
