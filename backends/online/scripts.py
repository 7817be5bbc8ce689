"""The Lua programs over values. Each is atomic in Redis; a write is refused unless Redis holds what its writer believes.

gather: records with some of their tiles, or all: one moment of each entity, so that no sweep comes between the two.
apply : names the epoch and position its batch started from (the first 12 bytes of the cursor record; '' = no record),
        writes records, tiles and due times of one bucket, and moves the cursor last.
sweep : names the epoch and, per entity, the first 16 bytes of the record it read (position and swept-to); keeps the cursor.
"""

GATHER = """
local out, at = {}, 1
for k = 1, #KEYS, 2 do
  local count = tonumber(ARGV[at])
  at = at + 1
  out[#out + 1] = redis.call('GET', KEYS[k])
  if count < 0 then
    out[#out + 1] = redis.call('HGETALL', KEYS[k + 1])
  elseif count == 0 then
    out[#out + 1] = {}
  else
    out[#out + 1] = redis.call('HMGET', KEYS[k + 1], unpack(ARGV, at, at + count - 1))
    at = at + count
  end
end
return out
"""

APPLY = """
local cursor = redis.call('GET', KEYS[1]) or ''
if string.sub(cursor, 1, 12) ~= ARGV[1] then return 0 end
local at = 3
for k = 3, #KEYS, 2 do
  local entity, due, record, fresh, sets = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  at = at + 5
  if fresh == '1' then redis.call('DEL', KEYS[k + 1]) end
  for i = 1, sets do
    redis.call('HSET', KEYS[k + 1], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  local dels = tonumber(ARGV[at])
  at = at + 1
  for i = 1, dels do
    redis.call('HDEL', KEYS[k + 1], ARGV[at])
    at = at + 1
  end
  if record == '' then redis.call('DEL', KEYS[k]) else redis.call('SET', KEYS[k], record) end
  if due == '' then redis.call('ZREM', KEYS[2], entity) else redis.call('ZADD', KEYS[2], due, entity) end
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""

SWEEP = """
local cursor = redis.call('GET', KEYS[1]) or ''
local done = {}
if string.sub(cursor, 1, 4) ~= ARGV[1] then return done end
local at = 2
for k = 3, #KEYS, 2 do
  local entity, due, record, expected, sets = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  at = at + 5
  local good = redis.call('GETRANGE', KEYS[k], 0, 15) == expected
  for i = 1, sets do
    if good then redis.call('HSET', KEYS[k + 1], ARGV[at], ARGV[at + 1]) end
    at = at + 2
  end
  local dels = tonumber(ARGV[at])
  at = at + 1
  for i = 1, dels do
    if good then redis.call('HDEL', KEYS[k + 1], ARGV[at]) end
    at = at + 1
  end
  if good then
    if record == '' then redis.call('DEL', KEYS[k]) else redis.call('SET', KEYS[k], record) end
    if due == '' then redis.call('ZREM', KEYS[2], entity) else redis.call('ZADD', KEYS[2], due, entity) end
    done[#done + 1] = 1
  else
    done[#done + 1] = 0
  end
end
return done
"""
