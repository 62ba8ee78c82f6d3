"""How an account's standing changes in Redis: step by step, each whole for all workers, by the clock of Redis."""

# KEYS: line, switched off, doubt. ARGV: operation, microseconds for a try, "1" to ask whatever the line is.
# Answers {"off", what is kept of it}, {"open", microseconds, reason}, {"try", was it moved, there is news in success}
# or {"go", 0, there is news in success}.
ENTER = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local news = redis.call('EXISTS', KEYS[3])
local off = redis.call('HGET', KEYS[2], ARGV[1])
if off then
  if now < tonumber(cjson.decode(off).again_us) and ARGV[3] ~= '1' then return {'off', off} end
  news = 1
end
local line = redis.call('HMGET', KEYS[1], 'state', 'until', 'failures', 'reason')
if line[1] then
  local left = tonumber(line[2]) - now
  if left > 0 and ARGV[3] ~= '1' then return {'open', left, line[4]} end
  redis.call('HSET', KEYS[1], 'state', 'half_open', 'until', string.format('%.0f', now + ARGV[2]))
  return {'try', line[1] == 'open' and 1 or 0, 1}
end
if line[3] then news = 1 end
return {'go', 0, news}
"""

# KEYS: line, switched off, doubt. ARGV: operation. Answers {was the line moved, was it switched off}.
ANSWERED = """
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('DEL', KEYS[1], KEYS[3])
return {state and 1 or 0, redis.call('HDEL', KEYS[2], ARGV[1])}
"""

# KEYS: line. ARGV: failures until it opens, first and longest wait in microseconds, reason.
# Answers {failures, microseconds until the next try, 0 if nothing moved}.
FAILED = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('EXPIRE', KEYS[1], 86400)
if state == 'open' then return {failures, 0, 1} end
if not state and failures < tonumber(ARGV[1]) then return {failures, 0, 0} end
local opened = redis.call('HINCRBY', KEYS[1], 'opened', 1)
local wait = math.min(ARGV[2] * 2 ^ (opened - 1), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'state', 'open', 'until', string.format('%.0f', now + wait), 'reason', ARGV[4])
return {failures, wait, 1}
"""
