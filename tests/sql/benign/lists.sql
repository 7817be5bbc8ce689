--- payments: tags seen
SELECT user_id, COUNT_IF(ARRAY_CONTAINS(tags, 'vip')) AS vip, MAX(SIZE(tags)) AS most, SUM(SIZE(tags)) AS total FROM input_data GROUP BY user_id
--- payments: sets and lists
SELECT user_id, COLLECT_SET(category) AS cats, SIZE(COLLECT_SET(merchant)) AS n, SORT_ARRAY(COLLECT_SET(country)) AS countries, COLLECT_LIST(amount) AS amounts FROM input_data GROUP BY user_id
--- payments: all tags once
SELECT user_id, ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(COLLECT_LIST(tags)))) AS all_tags FROM input_data GROUP BY user_id
--- payments: list of structs by time
SELECT user_id, COLLECT_LIST(NAMED_STRUCT('m', merchant, 'a', amount)) AS history FROM input_data GROUP BY user_id
--- payments: last amounts newest first
SELECT user_id, SLICE(REVERSE(COLLECT_LIST(amount)), 1, 5) AS last5 FROM input_data WHERE amount IS NOT NULL GROUP BY user_id
--- payments: array made by hand
SELECT user_id, ARRAY(MIN(points), MAX(points)) AS bounds, ARRAY_MAX(ARRAY(COUNT(*), COUNT(card))) AS m FROM input_data GROUP BY user_id
--- payments: unions and differences
SELECT user_id, SIZE(ARRAY_UNION(COLLECT_SET(category), COLLECT_SET(country))) AS u, SIZE(ARRAY_EXCEPT(COLLECT_SET(category), ARRAY('food'))) AS not_food FROM input_data GROUP BY user_id
--- payments: struct as output
SELECT user_id, STRUCT(COUNT(*) AS n, SUM(points) AS p) AS summary FROM input_data GROUP BY user_id
--- clicks: map of properties
SELECT user_id, LAST(props['plan']) AS plan, COUNT_IF(props['beta'] = 'yes') AS beta, MAX(SIZE(props)) AS most FROM input_data GROUP BY user_id
--- clicks: keys of the map
SELECT user_id, MAX(SIZE(MAP_KEYS(props))) AS keys, COUNT_IF(MAP_CONTAINS_KEY(props, 'plan')) AS with_plan, COUNT_IF(ARRAY_CONTAINS(MAP_VALUES(props), 'yes')) AS yes FROM input_data GROUP BY user_id
--- clicks: element of the map
SELECT user_id, MAX(ELEMENT_AT(props, 'plan')) AS plan, COALESCE(MAX(TRY_ELEMENT_AT(props, 'lang')), 'en') AS lang FROM input_data GROUP BY user_id
--- clicks: a number in the map
SELECT user_id, SUM(CAST(props['price'] AS DOUBLE)) AS spent, AVG(TRY_CAST(props['qty'] AS INT)) AS qty FROM input_data GROUP BY user_id
--- clicks: newest row of maps
SELECT user_id, props['plan'] AS plan, props['lang'] AS lang, event FROM input_data
--- sensors: readings of each message
SELECT device_id, MAX(ARRAY_MAX(readings)) AS peak, MIN(ARRAY_MIN(readings)) AS low, SUM(SIZE(readings)) AS samples FROM input_data GROUP BY device_id
--- sensors: mean of a list
SELECT device_id, AVG(AGGREGATE(readings, 0D, (a, x) -> a + COALESCE(x, 0D)) / NULLIF(SIZE(readings), 0)) AS mean FROM input_data GROUP BY device_id
--- sensors: hot readings
SELECT device_id, SUM(SIZE(FILTER(readings, x -> x > 30))) AS hot, COUNT_IF(EXISTS(readings, x -> x < 0)) AS freezing, COUNT_IF(FORALL(readings, x -> x > 0)) AS all_warm FROM input_data GROUP BY device_id
--- sensors: readings transformed
SELECT device_id, TRANSFORM(readings, x -> ROUND(x * 1.8 + 32, 1)) AS f, ELEMENT_AT(readings, 1) AS head, readings[0] AS head0, ELEMENT_AT(readings, -1) AS tail FROM input_data
--- sensors: labels
SELECT device_id, LAST(labels['site']) AS site, COUNT(DISTINCT labels['site']) AS sites FROM input_data GROUP BY device_id
--- orders: struct fields
SELECT customer_id, store_id, LAST(address.city) AS city, COUNT(DISTINCT address.zip) AS zips, LAST(address) AS address FROM input_data GROUP BY customer_id, store_id
--- orders: last struct by a column
SELECT customer_id, store_id, MAX_BY(STRUCT(order_id, total), created_at).total AS last_total, MAX(STRUCT(created_at, order_id)).order_id AS last_order FROM input_data GROUP BY customer_id, store_id
--- orders: products as a text
SELECT customer_id, store_id, ARRAY_JOIN(skus, ',') AS basket, SIZE(items) AS lines, ARRAY_POSITION(skus, 'A-1') AS at FROM input_data
--- orders: sku lists
SELECT customer_id, store_id, SIZE(ARRAY_REMOVE(skus, 'A-1')) AS others, ARRAY_COMPACT(skus) AS known, CONCAT(skus, ARRAY('end')) AS closed FROM input_data
