-- The engine gets to the source's branch at its own pace, and may get there between two questions of
-- one poll: then what it said before does not fit what it says after. Every place in a poll is tried.
local follow = use "common/follow"

local READS = 7 -- of the engine in a poll, at most

return {
  id = "REO-10",
  title = "New branch unknown to the EL",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-03", "I-14", "R-2.13"},

  run = function(w)
    local base, finalized = w:at(330), w:at(40)
    local fork, safe = w:fork("x", base, 60), base + 20
    for place = 1, READS do
      if place > 1 then
        w:stop()
        w:fresh()
      end
      w:engine{head = fork, safe = base - 10, finalized = finalized, backfill = 0}
      w:source{unsafe = safe, safe = safe, finalized = finalized}
      w:start()
      w:within(3, "a forkchoice to the source's branch is answered SYNCING", function()
        return follow.find(w, nil, function(fcu) return fcu.status == "SYNCING" end)
      end)
      w:fault("engine", {kind = "hold", method = "eth_getBlockByNumber", after = place - 1, count = 1})
      w:within(4, "read " .. place .. " is under way", function() return w:held("engine") > 0 end)
      w:engine{knows = safe, head = safe, safe = base - 10, finalized = finalized} -- it got there
      w:release("engine")
      follow.settle(w, 4, "labels are the source's")
      for _, fcu in ipairs(follow.forkchoices(w)) do
        w:expect("each forkchoice has the source's block as head", fcu.head, safe)
      end
      w:clear("engine")
    end
  end,
}
