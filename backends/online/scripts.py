"""The Lua programs over values. Each is atomic in Redis; a write is refused unless Redis holds what its writer believes.

gather: records with some of their tiles, or all: one moment of each entity, so that no sweep comes between the two.
apply : for one bucket of one or several versions, so that a group's windows move in one moment: names the epoch and position
        the batch started from (the first 12 bytes of the cursor record; '' = no record), writes records, tiles and due times,
        and moves the cursor last. A version whose cursor stands elsewhere is refused, the others are not.
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
local taken, at, k = {}, 1, 1
while k <= #KEYS do
  local cursor_key, due_key, last = KEYS[k], KEYS[k + 1], k + 2 * tonumber(ARGV[at])
  local fence, moved = ARGV[at + 1], ARGV[at + 2]
  local good = string.sub(redis.call('GET', cursor_key) or '', 1, 12) == fence
  at = at + 3
  while k < last do
    k = k + 2
    local record_key, tiles_key = KEYS[k], KEYS[k + 1]
    local entity, due, record, fresh, sets = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
    at = at + 5
    if good and fresh == '1' then redis.call('DEL', tiles_key) end
    for i = 1, sets do
      if good then redis.call('HSET', tiles_key, ARGV[at], ARGV[at + 1]) end
      at = at + 2
    end
    local dels = tonumber(ARGV[at])
    at = at + 1
    for i = 1, dels do
      if good then redis.call('HDEL', tiles_key, ARGV[at]) end
      at = at + 1
    end
    if good then
      if record == '' then redis.call('DEL', record_key) else redis.call('SET', record_key, record) end
      if due == '' then redis.call('ZREM', due_key, entity) else redis.call('ZADD', due_key, due, entity) end
    end
  end
  k = k + 2
  if good then redis.call('SET', cursor_key, moved) end
  taken[#taken + 1] = good and 1 or 0
end
return taken
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
