--- orders: domain of the email
SELECT customer_id, store_id, LAST(SPLIT(email, '@')[1]) AS domain, LAST(SUBSTRING_INDEX(email, '@', -1)) AS domain2 FROM input_data GROUP BY customer_id, store_id
--- orders: free mail
SELECT customer_id, store_id, BOOL_OR(LOWER(email) RLIKE '@(gmail|yahoo|hotmail)\\.') AS free_mail, BOOL_OR(email LIKE '%+%@%') AS plus_alias FROM input_data GROUP BY customer_id, store_id
--- orders: normalised and hashed
SELECT customer_id, store_id, MAX(SHA2(LOWER(TRIM(email)), 256)) AS email_hash, MAX(MD5(COALESCE(email, ''))) AS h FROM input_data GROUP BY customer_id, store_id
--- clicks: length of queries
SELECT user_id, AVG(LENGTH(query)) AS avg_len, MAX(CHAR_LENGTH(query)) AS max_len, AVG(SIZE(SPLIT(TRIM(query), ' '))) AS avg_words FROM input_data WHERE query IS NOT NULL GROUP BY user_id
--- clicks: questions
SELECT user_id, COUNT_IF(query LIKE '%?') AS questions, COUNT_IF(query ILIKE 'how %' OR query ILIKE 'what %') AS how_what FROM input_data GROUP BY user_id
--- clicks: first word
SELECT user_id, MODE(LOWER(SPLIT_PART(query, ' ', 1))) AS usual_first_word FROM input_data GROUP BY user_id
--- clicks: section of the site
SELECT user_id, MODE(SPLIT(page, '/')[1]) AS section, COUNT(DISTINCT SPLIT(page, '/')[1]) AS sections FROM input_data GROUP BY user_id
--- clicks: parameter out of a link
SELECT user_id, LAST(REGEXP_EXTRACT(page, 'utm_source=([a-z]+)', 1)) AS source, COUNT_IF(page RLIKE 'utm_') AS tagged FROM input_data GROUP BY user_id
--- clicks: page without its numbers
SELECT user_id, COUNT(DISTINCT REGEXP_REPLACE(page, '[0-9]+', '#')) AS templates FROM input_data GROUP BY user_id
--- clicks: host of the referrer
SELECT user_id, COUNT(DISTINCT REGEXP_EXTRACT(referrer, '^https?://([^/]+)', 1)) AS hosts, COUNT_IF(referrer LIKE 'https://www.google.%') AS from_google FROM input_data GROUP BY user_id
--- clicks: kind of device
SELECT user_id, LAST(CASE WHEN ua LIKE '%iPhone%' THEN 'ios' WHEN ua LIKE '%Android%' THEN 'android' WHEN ua IS NULL THEN 'unknown' ELSE 'desktop' END) AS platform FROM input_data GROUP BY user_id
--- clicks: browser version
SELECT user_id, MAX(CAST(REGEXP_EXTRACT(ua, 'Chrome/(\\d+)', 1) AS INT)) AS chrome FROM input_data GROUP BY user_id
--- payments: merchant names cleaned
SELECT user_id, COUNT(DISTINCT REGEXP_REPLACE(UPPER(TRIM(merchant)), '[^A-Z0-9]', '')) AS merchants FROM input_data GROUP BY user_id
--- payments: parts of the card
SELECT user_id, COUNT(DISTINCT LEFT(card, 6)) AS bins, MAX(RIGHT(card, 4)) AS last4, MAX(CONCAT('****', RIGHT(card, 4))) AS masked FROM input_data GROUP BY user_id
--- payments: network of the address
SELECT user_id, COUNT(DISTINCT CONCAT_WS('.', SPLIT(ip, '\\.')[0], SPLIT(ip, '\\.')[1], SPLIT(ip, '\\.')[2])) AS subnets FROM input_data GROUP BY user_id
--- payments: words in the note
SELECT user_id, COUNT_IF(INSTR(LOWER(note), 'refund') > 0) AS refunds, COUNT_IF(CONTAINS(note, 'é')) AS accents, SUM(LENGTH(note) - LENGTH(REPLACE(note, '!', ''))) AS bangs
FROM input_data GROUP BY user_id
--- payments: note in pieces
SELECT user_id, MAX(SUBSTRING(note, 1, 3)) AS head, MAX(SUBSTR(note, -2)) AS tail, MAX(REVERSE(note)) AS mirrored, MAX(INITCAP(note)) AS title FROM input_data GROUP BY user_id
--- payments: joined and padded
SELECT user_id, STRING_AGG(category, ',') AS categories, MAX(LPAD(CAST(points AS STRING), 12, '0')) AS padded, MAX(category || '/' || country) AS pair FROM input_data GROUP BY user_id
--- payments: list with a separator
SELECT user_id, LISTAGG(status, '|') WITHIN GROUP (ORDER BY timestamp) AS history FROM input_data GROUP BY user_id
--- payments: one way or another
SELECT user_id, COUNT_IF(STARTSWITH(merchant, 'A') OR ENDSWITH(merchant, 'z')) AS az, COUNT_IF(TRANSLATE(LOWER(note), 'áéíóú', 'aeiou') LIKE '%cafe%') AS cafes FROM input_data GROUP BY user_id
--- payments: double quoted texts
SELECT user_id, SUM(CASE WHEN status = "approved" THEN 1 ELSE 0 END) AS ok FROM input_data WHERE currency != "" GROUP BY user_id
--- sensors: firmware
SELECT device_id, MAX(CAST(SPLIT(firmware, '[.]')[0] AS INT)) AS major, LAST(firmware) AS fw, COUNT(DISTINCT firmware) AS versions FROM input_data GROUP BY device_id
--- sensors: error codes
SELECT device_id, COUNT_IF(error_code REGEXP '^E[0-9]{3}$') AS errors, COUNT(DISTINCT SUBSTRING(error_code, 1, 2)) AS families FROM input_data GROUP BY device_id
--- clicks: words of the query counted
SELECT user_id, SUM(REGEXP_COUNT(query, '[a-z]+')) AS words, MAX(OCTET_LENGTH(query)) AS bytes FROM input_data GROUP BY user_id
--- clicks: encoded
SELECT user_id, MAX(BASE64(CAST(session_id AS BINARY))) AS b64, MAX(HEX(dwell_ms)) AS hx FROM input_data GROUP BY user_id
