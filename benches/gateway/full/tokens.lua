-- wrk: one request after the other, each with the next of the tokens; in a circle.

local requests, next_one = {}, 0

function init(arguments)
  for token in io.lines(arguments[1]) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format()
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end
