--- sensors: statistics
SELECT device_id, AVG(temperature) AS t_avg, MIN(temperature) AS t_min, MAX(temperature) AS t_max, STDDEV(temperature) AS t_sd, COUNT(temperature) AS n FROM input_data GROUP BY device_id
--- sensors: alarm
SELECT device_id, COUNT_IF(temperature > 30 AND humidity > 0.8) AS hot_humid, BOOL_OR(battery < 10) AS low_battery, EVERY(state = 'ok') AS always_ok FROM input_data GROUP BY device_id
--- sensors: battery drop per hour
WITH b AS (SELECT device_id, MAX_BY(battery, ts) - MIN_BY(battery, ts) AS change, (UNIX_TIMESTAMP(MAX(ts)) - UNIX_TIMESTAMP(MIN(ts))) / 3600.0 AS hours FROM input_data GROUP BY device_id)
SELECT device_id, change / NULLIF(hours, 0) AS per_hour FROM b
--- sensors: reboots
SELECT device_id, COUNT_IF(uptime_s < before) AS reboots FROM (SELECT device_id, uptime_s, LAG(uptime_s) OVER (PARTITION BY device_id ORDER BY ts) AS before FROM input_data) t GROUP BY device_id
--- sensors: missing values
SELECT device_id, SUM(CASE WHEN temperature IS NULL THEN 1 ELSE 0 END) / COUNT(*) AS missing, COUNT(*) - COUNT(humidity) AS no_humidity FROM input_data GROUP BY device_id
--- sensors: hourly means
WITH h AS (SELECT device_id, DATE_TRUNC('HOUR', ts) AS h, AVG(temperature) AS t FROM input_data GROUP BY device_id, DATE_TRUNC('HOUR', ts))
SELECT device_id, COUNT(*) AS hours, STDDEV(t) AS sd, MAX(t) - MIN(t) AS spread FROM h GROUP BY device_id
--- sensors: share of time by state
SELECT device_id, SUM(CASE WHEN state = 'error' THEN secs ELSE 0 END) / NULLIF(SUM(secs), 0) AS error_share
FROM (SELECT device_id, state, UNIX_TIMESTAMP(LEAD(ts) OVER (PARTITION BY device_id ORDER BY ts)) - UNIX_TIMESTAMP(ts) AS secs FROM input_data) t GROUP BY device_id
--- sensors: heat index
SELECT device_id, AVG(temperature + 0.33 * humidity * 6.105 * EXP(17.27 * temperature / (237.7 + temperature)) - 4.0) AS apparent FROM input_data WHERE temperature > -50 GROUP BY device_id
--- sensors: bits of a code
SELECT device_id, BOOL_OR((uptime_s & 1) = 1) AS odd, MAX(uptime_s | 4) AS o, MAX(BIT_COUNT(uptime_s)) AS bits, MAX(SHIFTRIGHT(uptime_s, 2)) AS q FROM input_data GROUP BY device_id
--- sensors: buckets
SELECT device_id, COUNT(DISTINCT FLOOR(temperature / 5)) AS buckets, MODE(CAST(temperature AS INT)) AS usual, MAX(CEIL(humidity * 10)) AS h10, MAX(ROUND(temperature)) AS r FROM input_data GROUP BY device_id
--- sensors: last good state
SELECT device_id, MAX_BY(state, ts) FILTER (WHERE error_code IS NULL) AS last_good, MAX(ts) FILTER (WHERE error_code IS NOT NULL) AS last_error FROM input_data GROUP BY device_id
--- sensors: normalised level
SELECT device_id, (MAX_BY(temperature, ts) - MIN(temperature)) / NULLIF(MAX(temperature) - MIN(temperature), 0) AS level FROM input_data GROUP BY device_id
--- sensors: sigmoid and friends
SELECT device_id, 1 / (1 + EXP(-AVG(temperature))) AS sigmoid, TANH(AVG(humidity)) AS th, SIGN(AVG(temperature)) AS sg, CBRT(AVG(ABS(temperature))) AS cb, LOG10(1 + MAX(ABS(temperature))) AS l FROM input_data GROUP BY device_id
--- sensors: parity of readings
SELECT device_id, SUM(battery % 2) AS odd, SUM(PMOD(battery, 7)) AS p, SUM(battery DIV 10) AS tens, SUM(-battery) AS neg, SUM(NULLIF(battery, 0)) AS nz FROM input_data GROUP BY device_id
--- sensors: casts
SELECT device_id, MAX(CAST(temperature AS INT)) AS i, MAX(CAST(temperature AS DECIMAL(10,1))) AS d, MAX(CAST(battery AS STRING)) AS s, MAX(battery::double) AS f, MAX(TRY_CAST(error_code AS INT)) AS n FROM input_data GROUP BY device_id
