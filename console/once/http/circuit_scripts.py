"""How an organization's state at 1NCE changes in Redis: each script is atomic, and uses the clock of Redis."""

# KEYS: circuit, unavailable operations, doubt. ARGV: operation, microseconds for a trial, "1" to force the call.
# Answers {"unavailable", JSON of it}, {"open", microseconds, reason}, {"trial", did the state change, does a success
# change the state} or {"go", 0, does a success change the state}.
ACQUIRE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local reports = redis.call('EXISTS', KEYS[3])
local unavailable = redis.call('HGET', KEYS[2], ARGV[1])
if unavailable then
  if now < tonumber(cjson.decode(unavailable).retry_at_us) and ARGV[3] ~= '1' then
    return {'unavailable', unavailable}
  end
  reports = 1
end
local circuit = redis.call('HMGET', KEYS[1], 'state', 'until', 'failures', 'reason')
if circuit[1] then
  local left = tonumber(circuit[2]) - now
  if left > 0 and ARGV[3] ~= '1' then return {'open', left, circuit[4]} end
  redis.call('HSET', KEYS[1], 'state', 'half_open', 'until', string.format('%.0f', now + ARGV[2]))
  return {'trial', circuit[1] == 'open' and 1 or 0, 1}
end
if circuit[3] then reports = 1 end
return {'go', 0, reports}
"""

# KEYS: circuit, unavailable operations, doubt. ARGV: operation. Answers {was the circuit open, was it unavailable}.
SUCCEEDED = """
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('DEL', KEYS[1], KEYS[3])
return {state and 1 or 0, redis.call('HDEL', KEYS[2], ARGV[1])}
"""

# KEYS: circuit. ARGV: failures until it opens, first and longest wait in microseconds, reason.
# Answers {failures, microseconds until the next trial, 0 if the state is as before, is it open}.
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
