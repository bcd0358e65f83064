-- Engine calls below and above the client's limit, which is 200 ms here. What was given up takes
-- effect all the same; the node looks, and neither repeats itself in a storm nor goes back.
local follow = use "common/follow"

local LIMIT_MS = 200

return {
  id = "ENG-05",
  title = "Slow EL below and above the client timeout",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-15", "I-18", "I-24"},

  run = function(w)
    local head = w:at(300)
    follow.converged(w, head, head - 20, head - 60)
    w:start{args = {"--l2.engine-rpc-timeout", LIMIT_MS .. "ms"}}
    follow.settle(w, 2)
    w:never("the engine's head goes back", function()
      return w:label("latest").number < head.number
    end)
    for _, ms in ipairs{LIMIT_MS // 2, 2 * LIMIT_MS, 4 * LIMIT_MS} do
      w:note("a call takes " .. ms .. " ms")
      w:profile("slow:" .. ms)
      local from = w:mark()
      w:advance(3)
      w:within(2 + ms // w.tick_ms, "the call takes effect", function()
        return w:label("safe") == w:heads().safe
      end)
      local asked = #follow.polls(w, from)
      w:wait(12)
      w:expect("the source is polled meanwhile", #follow.polls(w, from) > asked + 1)
      w:feed(w:label("latest") + 1)
      w:within(2, "the node takes a payload meanwhile", function() return w:feeding() == 0 end)
      local same, before = 0, nil
      for _, fcu in ipairs(follow.forkchoices(w, from)) do
        local this = fcu.head .. " " .. tostring(fcu.safe)
        same = this == before and same + 1 or 0
        before = this
      end
      w:expect("the same forkchoice again and again: " .. same, same <= 8)
      w:profile("geth")
      follow.settle(w, 3, "all is well at normal speed")
    end
  end,
}
