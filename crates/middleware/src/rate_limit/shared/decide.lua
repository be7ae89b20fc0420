-- Decides one request by several GCRA buckets, all or none, in one step.
--
-- KEYS: the buckets. ARGV: for each its interval and its fill time (an empty bucket's,
-- until it is full), both in microseconds, and the request's cost.
-- A bucket holds when it is full again, in microseconds of the server's clock, the only
-- one that all gateways share. Numbers stay below 2^53, where Lua counts exactly.
-- Replies: whether it is allowed; then for each bucket its debt and what is lacking.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local allowed = 1
local debts, reply = {}, {}
for i, key in ipairs(KEYS) do
  local interval, fill, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local full_at = tonumber(redis.call('GET', key) or now) or now
  -- More debt than a bucket can have means that the clock was set back.
  local debt = math.min(math.max(full_at - now, 0), fill)
  local lacking = math.max(debt + cost * interval - fill, 0)
  if lacking > 0 then allowed = 0 end
  debts[i] = debt
  reply[2 * i] = debt
  reply[2 * i + 1] = lacking
end
reply[1] = allowed
if allowed == 1 then
  for i, key in ipairs(KEYS) do
    local debt = debts[i] + tonumber(ARGV[3 * i]) * tonumber(ARGV[3 * i - 2])
    if debt > debts[i] then
      redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000) + 1)
    end
    reply[2 * i] = debt
  end
end
return reply
