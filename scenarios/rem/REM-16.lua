-- A source that lies well: references in a plausible order that nobody has. The engine is asked about
-- them within bounds, nothing of it is called finalized, and the truth is followed when it comes.
local follow = use "common/follow"

return {
  id = "REM-16",
  title = "Byzantine source",
  priority = "P0",
  applies = "A",
  variants = {"B"},
  fixtures = {"devnet-forks"},
  covers = {"I-18", "I-31"},
  exempt = {{id = "I-06", reason = "the source names blocks that nobody has: that is what happens here"},
            {id = "I-07", reason = "such blocks have no place in the trace to be compared by"}},

  run = function(w)
    local head, finalized = w:at(300), w:at(200)
    local safe = head - 20
    follow.converged(w, head, safe, finalized)
    w:start{l1 = false}
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    local from = w:mark()
    w:source{profile = "byz"}
    w:never("finalized moves", function() return w:label("finalized") ~= finalized end)
    local ticks = w.long and 200 or 20
    w:wait(ticks)
    w:expect("the node runs", w:is_running())
    w:expect("it was lied to", #follow.polls(w, from) >= ticks // 2)
    local n = #follow.forkchoices(w, from)
    w:expect("forkchoices (" .. n .. ") are at most one a poll", n <= ticks + 2)
    w:expect("safe stands on what the engine has", w:label("safe"), safe)
    w:source{profile = "normal"}
    w:within(3, "the truth is followed", function()
      return follow.is_settled(w) and w:status() and w:status().safe == safe
    end)
  end,
}
