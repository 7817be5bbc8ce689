--- clicks: click through rate
SELECT user_id, COUNT_IF(event = 'click') / NULLIF(COUNT_IF(event = 'impression'), 0) AS ctr FROM input_data GROUP BY user_id
--- clicks: smoothed rate
SELECT user_id, (SUM(CASE WHEN event = 'click' THEN 1 ELSE 0 END) + 1.0) / (SUM(CASE WHEN event IN ('click', 'view') THEN 1 ELSE 0 END) + 20.0) AS smoothed
FROM input_data GROUP BY user_id
--- clicks: share of each event
SELECT user_id,
       ROUND(100.0 * COUNT(CASE WHEN event = 'view' THEN 1 END) / COUNT(*), 2) AS pct_view,
       ROUND(100.0 * COUNT(CASE WHEN event = 'search' THEN 1 END) / COUNT(*), 2) AS pct_search
FROM input_data GROUP BY user_id
--- clicks: mobile share
SELECT user_id, AVG(CASE WHEN LOWER(ua) LIKE '%mobile%' OR ua LIKE '%Android%' THEN 1.0 ELSE 0 END) AS mobile_share FROM input_data GROUP BY user_id
--- clicks: variants of a test
SELECT user_id, LAST(variant) AS variant, COUNT(DISTINCT variant) > 1 AS contaminated, COUNT_IF(variant <=> 'B') AS in_b FROM input_data GROUP BY user_id
--- payments: share of spend by category
SELECT user_id,
       SUM(CASE WHEN category = 'food' THEN amount ELSE 0 END) / NULLIF(SUM(amount), 0) AS food_share,
       SUM(CASE WHEN category = 'travel' THEN amount ELSE 0 END) / NULLIF(SUM(amount), 0) AS travel_share,
       SUM(CASE WHEN category NOT IN ('food', 'travel') OR category IS NULL THEN amount ELSE 0 END) / NULLIF(SUM(amount), 0) AS other_share
FROM input_data WHERE amount > 0 GROUP BY user_id
--- payments: concentration of spend
WITH by_category AS (SELECT user_id, category, SUM(amount) AS s FROM input_data WHERE amount > 0 AND amount < 1e9 GROUP BY user_id, category),
     totals AS (SELECT user_id, SUM(s) AS total FROM by_category GROUP BY user_id)
SELECT b.user_id, SUM(POWER(b.s / t.total, 2)) AS herfindahl
FROM by_category b JOIN totals t ON b.user_id = t.user_id
GROUP BY b.user_id
--- payments: entropy of merchants
WITH c AS (SELECT user_id, merchant, COUNT(*) AS n FROM input_data GROUP BY user_id, merchant),
     t AS (SELECT user_id, SUM(n) AS total FROM c GROUP BY user_id)
SELECT c.user_id, -SUM((c.n / t.total) * LOG2(c.n / t.total)) AS entropy FROM c INNER JOIN t ON c.user_id = t.user_id GROUP BY c.user_id
--- payments: top category and its share
WITH c AS (SELECT user_id, category, COUNT(*) AS n FROM input_data WHERE category IS NOT NULL GROUP BY user_id, category)
SELECT user_id, MAX_BY(category, n) AS top_category, MAX(n) / SUM(n) AS top_share FROM c GROUP BY user_id
--- payments: mode
SELECT user_id, MODE(category) AS usual_category, MODE(country) AS usual_country, MODE(HOUR(timestamp)) AS usual_hour FROM input_data GROUP BY user_id
--- payments: most frequent merchants
SELECT user_id, APPROX_TOP_K(merchant, 3) AS top_merchants FROM input_data GROUP BY user_id
--- payments: variation
SELECT user_id, STDDEV_POP(amount) / NULLIF(AVG(amount), 0) AS cv, VAR_SAMP(amount) AS variance, MAX(amount) - MIN(amount) AS spread
FROM input_data WHERE ABS(amount) < 1e6 GROUP BY user_id
--- payments: correlation of amount and points
SELECT user_id, CORR(amount, points) AS r, COVAR_POP(amount, points) AS c FROM input_data WHERE amount < 1e6 AND points < 1000000 GROUP BY user_id
--- payments: skew
SELECT user_id, SKEWNESS(amount) AS skew, KURTOSIS(amount) AS kurt FROM input_data WHERE amount BETWEEN 0 AND 10000 GROUP BY user_id
--- payments: slope of amounts over time
SELECT user_id, REGR_SLOPE(amount, hours) AS slope, REGR_INTERCEPT(amount, hours) AS intercept, REGR_COUNT(amount, hours) AS n
FROM (SELECT user_id, amount, unix_timestamp(timestamp) / 3600.0 - 490000 AS hours FROM input_data WHERE ABS(amount) < 1e6) t GROUP BY user_id
--- payments: geometric mean and root mean square
SELECT user_id, EXP(AVG(LN(amount))) AS geometric, SQRT(AVG(amount * amount)) AS rms FROM input_data WHERE amount > 0 AND amount < 1e6 GROUP BY user_id
--- payments: money by currency
SELECT user_id, SUM(CASE currency WHEN 'USD' THEN amount WHEN 'EUR' THEN amount * 1.1 WHEN 'BRL' THEN amount * 0.2 ELSE 0 END) AS usd
FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- payments: fee share with decimals
SELECT user_id, SUM(fee) / COUNT(*) AS fee_per_tx, SUM(fee) * 100 / NULLIF(SUM(CAST(amount AS DECIMAL(18,2))), 0) AS fee_pct
FROM input_data WHERE amount < 1e6 GROUP BY user_id
--- orders: cancelled and returned
SELECT customer_id, store_id,
       COUNT(*) AS orders,
       COUNT(*) FILTER (WHERE status = 'cancelled') / COUNT(*) AS cancel_rate,
       AVG(CASE WHEN returned THEN 1 ELSE 0 END) AS return_rate
FROM input_data GROUP BY customer_id, store_id
--- orders: discount depth
SELECT customer_id, store_id, AVG(discount) AS avg_discount, MAX(discount) AS max_discount,
       SUM(CASE WHEN coupon IS NOT NULL AND TRIM(coupon) != '' THEN 1 ELSE 0 END) / COUNT(*) AS coupon_rate
FROM input_data GROUP BY store_id, customer_id
