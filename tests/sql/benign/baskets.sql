--- orders: totals per customer and store
SELECT customer_id, store_id, COUNT(*) AS orders, SUM(total) AS revenue, AVG(total) AS aov, MAX(total) AS largest FROM input_data GROUP BY customer_id, store_id
--- orders: items per order
SELECT customer_id, store_id, AVG(SIZE(items)) AS avg_lines, MAX(SIZE(skus)) AS max_skus, SUM(COALESCE(SIZE(skus), 0)) AS total_skus
FROM input_data GROUP BY customer_id, store_id
--- orders: units by summing each order's quantities
SELECT customer_id, store_id, SUM(AGGREGATE(quantities, CAST(0 AS BIGINT), (acc, x) -> acc + COALESCE(x, 0))) AS units
FROM input_data GROUP BY customer_id, store_id
--- orders: value of items by struct fields
SELECT customer_id, store_id, SUM(AGGREGATE(TRANSFORM(items, i -> i.qty * i.price), 0.0D, (a, x) -> a + COALESCE(x, 0.0D))) AS gross
FROM input_data GROUP BY customer_id, store_id
--- orders: how many lines are expensive
SELECT customer_id, store_id, SUM(SIZE(FILTER(items, i -> i.price > 10))) AS expensive_lines, BOOL_OR(EXISTS(items, i -> i.qty >= 3)) AS bulk
FROM input_data GROUP BY customer_id, store_id
--- orders: bought a given product
SELECT customer_id, store_id, COUNT_IF(ARRAY_CONTAINS(skus, 'A-1')) AS with_a1, BOOL_OR(ARRAY_CONTAINS(skus, 'Z-9')) AS ever_z9 FROM input_data GROUP BY customer_id, store_id
--- orders: products seen
SELECT customer_id, store_id, SIZE(ARRAY_DISTINCT(FLATTEN(COLLECT_LIST(skus)))) AS distinct_products FROM input_data GROUP BY customer_id, store_id
--- orders: repeat purchases of the same basket
SELECT customer_id, store_id, COUNT(*) - COUNT(DISTINCT ARRAY_JOIN(SORT_ARRAY(skus), ',')) AS repeats FROM input_data WHERE SIZE(skus) > 0 GROUP BY customer_id, store_id
--- orders: overlap with the order before
SELECT customer_id, store_id, AVG(SIZE(ARRAY_INTERSECT(skus, prev))) AS overlap, COUNT_IF(ARRAYS_OVERLAP(skus, prev)) AS overlapping
FROM (SELECT customer_id, store_id, skus, LAG(skus) OVER (PARTITION BY customer_id, store_id ORDER BY created_at) AS prev FROM input_data) t
GROUP BY customer_id, store_id
--- orders: first product of the last order
SELECT customer_id, store_id, MAX_BY(skus[0], created_at) AS last_first_sku, MAX_BY(ELEMENT_AT(skus, -1), created_at) AS last_last_sku, MAX_BY(items[0].sku, created_at) AS s
FROM input_data GROUP BY customer_id, store_id
--- orders: dearest line of each order
SELECT customer_id, store_id, MAX(ARRAY_MAX(TRANSFORM(items, i -> i.price))) AS dearest, MIN(ARRAY_MIN(quantities)) AS fewest FROM input_data GROUP BY customer_id, store_id
--- orders: baskets by size
SELECT customer_id, store_id,
       COUNT_IF(SIZE(skus) = 1) AS single, COUNT_IF(SIZE(skus) BETWEEN 2 AND 5) AS medium, COUNT_IF(SIZE(skus) > 5) AS large
FROM input_data GROUP BY customer_id, store_id
--- orders: coupons used
SELECT customer_id, store_id, COLLECT_SET(UPPER(coupon)) AS coupons, SIZE(COLLECT_SET(coupon)) AS n_coupons FROM input_data WHERE coupon IS NOT NULL GROUP BY customer_id, store_id
--- orders: last three orders in a list
SELECT customer_id, store_id, SLICE(SORT_ARRAY(COLLECT_LIST(created_at), FALSE), 1, 3) AS last_three FROM input_data GROUP BY customer_id, store_id
--- orders: order values in order of time
SELECT customer_id, store_id, COLLECT_LIST(total) AS totals, COLLECT_LIST(STRUCT(order_id, total)) AS pairs FROM input_data GROUP BY customer_id, store_id
--- orders: late deliveries
SELECT customer_id, store_id, AVG(DATEDIFF(shipped_at, created_at)) AS avg_days, COUNT_IF(DATE(shipped_at) > due) AS late, MAX(shipped_at) AS last_shipped
FROM input_data WHERE shipped_at IS NOT NULL GROUP BY customer_id, store_id
--- orders: rating
SELECT customer_id, store_id, AVG(rating) AS mean_rating, COUNT(rating) AS rated, MIN(rating) AS worst, COUNT_IF(rating >= 4) / NULLIF(COUNT(rating), 0) AS good_share
FROM input_data GROUP BY customer_id, store_id
--- orders: the basket exploded
SELECT customer_id, store_id, COUNT(DISTINCT sku) AS products, COUNT(*) AS lines
FROM (SELECT customer_id, store_id, EXPLODE(skus) AS sku FROM input_data) e
GROUP BY customer_id, store_id
--- orders: growth against the order before
SELECT customer_id, store_id, AVG(total - prev) AS mean_change, MAX(total - prev) AS max_change
FROM (SELECT customer_id, store_id, total, LAG(total) OVER (PARTITION BY customer_id, store_id ORDER BY created_at) AS prev FROM input_data) g
GROUP BY customer_id, store_id
--- orders: grouped by the place of the keys
SELECT customer_id, store_id, SUM(total) AS spent, SUM(IF(status = 'paid', total, 0)) AS paid FROM input_data GROUP BY 1, 2
