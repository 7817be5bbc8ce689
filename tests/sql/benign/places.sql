--- payments: cells of a grid
SELECT user_id, COUNT(DISTINCT CONCAT(FLOOR(lat * 10), ':', FLOOR(lon * 10))) AS cells FROM input_data WHERE lat IS NOT NULL AND lon IS NOT NULL GROUP BY user_id
--- payments: rounded places
SELECT user_id, MODE(ROUND(lat, 1)) AS home_lat, MODE(ROUND(lon, 1)) AS home_lon FROM input_data GROUP BY user_id
--- payments: centre and spread
SELECT user_id, AVG(lat) AS c_lat, AVG(lon) AS c_lon, STDDEV_POP(lat) AS s_lat, MAX(lat) - MIN(lat) AS d_lat FROM input_data GROUP BY user_id
--- payments: distance between two payments
WITH steps AS (
  SELECT user_id, lat, lon, LAG(lat) OVER (PARTITION BY user_id ORDER BY timestamp) AS plat, LAG(lon) OVER (PARTITION BY user_id ORDER BY timestamp) AS plon,
         timestamp, LAG(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp) AS pt
  FROM input_data
), km AS (
  SELECT user_id, 2 * 6371 * ASIN(SQRT(POWER(SIN(RADIANS(lat - plat) / 2), 2) + COS(RADIANS(plat)) * COS(RADIANS(lat)) * POWER(SIN(RADIANS(lon - plon) / 2), 2))) AS km,
         (UNIX_TIMESTAMP(timestamp) - UNIX_TIMESTAMP(pt)) / 3600 AS h
  FROM steps
)
SELECT user_id, SUM(km) AS travelled, MAX(km) AS farthest_step, MAX(km / NULLIF(h, 0)) AS top_speed, COUNT_IF(km / NULLIF(h, 0) > 900) AS impossible FROM km GROUP BY user_id
--- payments: distance from home
WITH home AS (SELECT user_id, AVG(lat) AS hlat, AVG(lon) AS hlon FROM input_data GROUP BY user_id)
SELECT i.user_id, MAX(HYPOT(i.lat - h.hlat, i.lon - h.hlon)) AS radius FROM input_data i JOIN home h ON i.user_id = h.user_id GROUP BY i.user_id
--- payments: inside a box
SELECT user_id, COUNT_IF(lat BETWEEN -24 AND -23 AND lon BETWEEN -47 AND -46) AS in_sao_paulo, COUNT_IF(ABS(lat) <= 23.43) AS tropics FROM input_data GROUP BY user_id
--- payments: countries
SELECT user_id, COUNT(DISTINCT country) AS countries, BOOL_OR(country NOT IN ('BR', 'US')) AS abroad, COLLECT_SET(country) AS list FROM input_data GROUP BY user_id
--- payments: home country against this one
WITH h AS (SELECT user_id, MODE(country) AS home FROM input_data GROUP BY user_id),
     l AS (SELECT user_id, LAST(country) AS now_in FROM input_data GROUP BY user_id)
SELECT h.user_id, h.home, l.now_in, h.home <> l.now_in AS away FROM h JOIN l USING (user_id)
--- payments: changes of country
SELECT user_id, COUNT_IF(country != prev) AS moves FROM (SELECT user_id, country, LAG(country) OVER (PARTITION BY user_id ORDER BY timestamp) AS prev FROM input_data) t GROUP BY user_id
--- sensors: position
SELECT device_id, AVG(position.lat) AS lat, AVG(position.lon) AS lon, MAX(ABS(position.lat)) AS far FROM input_data GROUP BY device_id
--- sensors: moved
SELECT device_id, SUM(SQRT(POW(lat - plat, 2) + POW(lon - plon, 2))) AS moved
FROM (SELECT device_id, position.lat AS lat, position.lon AS lon, LAG(position.lat) OVER (PARTITION BY device_id ORDER BY ts) AS plat, LAG(position.lon) OVER (PARTITION BY device_id ORDER BY ts) AS plon FROM input_data) t
GROUP BY device_id
--- orders: cities
SELECT customer_id, store_id, COUNT(DISTINCT address.city) AS cities, LAST(address.zip) AS zip, MAX(UPPER(address.country)) AS country FROM input_data GROUP BY customer_id, store_id
