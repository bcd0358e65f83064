-- The upstream sync tester's idea of a sync: two consecutive heads, and the second is still answered
-- SYNCING. A node that coalesces heads never gets there.
local follow = use "common/follow"

return {
  id = "SYN-10",
  title = "Window-policy EL (upstream sync tester dialect)",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-14", "I-23"},

  run = function(w)
    local start = w:at(100)
    w:engine{profile = "win", head = start, safe = start - 20, finalized = start - 60}
    w:source{unsafe = start, safe = start - 20, finalized = start - 60}
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    local at = start
    for round = 1, 2 do
      local first, n = at + 4, 0
      w:within(12, "sync " .. round .. " is complete", function()
        if w:label("latest").number >= first.number then return true end
        if n < 4 and w:feeding() == 0 then
          w:feed(first + n)
          n = n + 1
        end
        return false
      end)
      at = w:label("latest")
      w:advance(6)
      follow.settle(w, 3, "labels are right after sync " .. round)
    end
  end,
}
