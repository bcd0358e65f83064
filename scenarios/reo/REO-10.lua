-- The engine gets to the source's branch at its own pace, and may get there between two questions of
-- one poll: what it said before does not fit what it says then. Every speed is another place.
local follow = use "common/follow"

return {
  id = "REO-10",
  title = "New branch unknown to the EL",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-03", "I-14", "R-2.13"},

  run = function(w)
    for part, speed in ipairs{3, 7, 20, 50} do
      if part > 1 then
        w:stop()
        w:fresh()
      end
      local base, finalized = w:at(330), w:at(40)
      local fork = part == 1 and w:fork("x", base, 60) or w:block("x@" .. (base.number - w:block("B+0").number) .. "+60")
      local safe, from = base + 20, w:mark()
      w:engine{head = fork, safe = base - 10, finalized = finalized, backfill = speed}
      w:fault("engine", {kind = "delay", method = "eth_getBlockByNumber", ticks = 0.2})
      w:source{unsafe = safe, safe = safe, finalized = finalized}
      w:start()
      w:within(20, "the engine is on the source's branch, labels too", function()
        return w:canonical(safe.number) == safe and follow.is_settled(w)
      end)
      for _, fcu in ipairs(follow.forkchoices(w, from)) do
        w:expect("each forkchoice has the source's block as head", fcu.head, safe)
      end
      w:clear("engine")
    end
  end,
}
