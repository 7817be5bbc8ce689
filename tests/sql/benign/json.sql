--- payments: a number out of JSON
SELECT user_id, AVG(CAST(GET_JSON_OBJECT(payload, '$.score') AS DOUBLE)) AS avg_score FROM input_data GROUP BY user_id
--- payments: a text out of JSON
SELECT user_id, LAST(GET_JSON_OBJECT(payload, '$.channel')) AS channel, COUNT(DISTINCT GET_JSON_OBJECT(payload, '$.channel')) AS channels FROM input_data GROUP BY user_id
--- payments: nested field
SELECT user_id, MAX(GET_JSON_OBJECT(payload, '$.geo.city')) AS city, COUNT_IF(GET_JSON_OBJECT(payload, '$.geo.city') IS NULL) AS without FROM input_data GROUP BY user_id
--- payments: item of a JSON list
SELECT user_id, MAX(GET_JSON_OBJECT(payload, '$.items[0].sku')) AS sku, MAX(GET_JSON_OBJECT(payload, '$.items[1].qty')) AS second FROM input_data GROUP BY user_id
--- payments: flag out of JSON
SELECT user_id, COUNT_IF(GET_JSON_OBJECT(payload, '$.is3ds') = 'true') AS strong, COUNT(*) AS n FROM input_data GROUP BY user_id
--- payments: filter by a JSON field
SELECT user_id, SUM(amount) AS mobile_total FROM input_data WHERE GET_JSON_OBJECT(payload, '$.channel') = 'mobile' AND amount < 1e6 GROUP BY user_id
--- clicks: JSON body
SELECT user_id, SUM(CAST(GET_JSON_OBJECT(body, '$.value') AS INT)) AS total, MAX(GET_JSON_OBJECT(body, '$.label')) AS label FROM input_data WHERE event = 'purchase' GROUP BY user_id
--- clicks: length of a JSON list
SELECT user_id, MAX(JSON_ARRAY_LENGTH(GET_JSON_OBJECT(body, '$.tags'))) AS most_tags FROM input_data GROUP BY user_id
--- clicks: JSON by group
WITH b AS (SELECT user_id, GET_JSON_OBJECT(body, '$.label') AS label, COUNT(*) AS n FROM input_data GROUP BY user_id, GET_JSON_OBJECT(body, '$.label'))
SELECT user_id, MAX_BY(label, n) AS usual_label, COUNT(*) AS labels FROM b GROUP BY user_id
--- clicks: latest JSON document
SELECT user_id, GET_JSON_OBJECT(MAX_BY(body, event_time), '$.label') AS last_label FROM input_data GROUP BY user_id
--- sensors: raw JSON
SELECT device_id, AVG(CAST(GET_JSON_OBJECT(raw, '$.volt') AS DOUBLE)) AS volt, COUNT_IF(GET_JSON_OBJECT(raw, '$.volt') IS NULL) AS bad FROM input_data GROUP BY device_id
--- sensors: several fields of raw JSON
SELECT device_id, CAST(GET_JSON_OBJECT(raw, '$.volt') AS DECIMAL(10,3)) AS volt, GET_JSON_OBJECT(raw, '$.mode') AS mode, raw FROM input_data
--- sensors: the newest row's JSON
SELECT device_id, COALESCE(GET_JSON_OBJECT(raw, '$.mode'), 'none') AS mode, LENGTH(raw) AS size FROM input_data WHERE raw IS NOT NULL
--- payments: typed JSON
SELECT user_id, MAX(FROM_JSON(payload, 'score DOUBLE, channel STRING').score) AS max_score FROM input_data GROUP BY user_id
