-- Three nodes behind one URL, one of them eight blocks behind, another answers each time. What the
-- slow one says is old news: no label goes back, no forkchoice is written for it.
local follow = use "common/follow"

return {
  id = "REM-01",
  title = "Load balancer with a stale backend",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-04", "I-07", "I-18"},

  run = function(w)
    local head, safe, finalized = w:at(480), w:at(300), w:at(200)
    follow.converged(w, head, safe, finalized)
    w:source{backends = {0, 0, 8}, by = "chance", seed = 5}
    w:start()
    w:within(3, "the node follows", function() return w:status() and w:status().safe == safe end)
    local highest, from = safe.number, w:mark()
    w:never("safe goes back", function()
      local now = w:label("safe").number
      if now < highest then return true, "safe " .. now .. " after " .. highest end
      highest = now
    end)
    w:never("the head moves", function() return w:label("latest") ~= head end)
    local ticks = w.long and 100 or 24
    w:steady(2)
    w:wait(ticks)
    w:freeze()
    w:within(6, "the labels are those of the source", function() return follow.is_settled(w) end)
    local top, top_finalized, news, low = safe.number, finalized.number, 0, 0
    for _, poll in ipairs(follow.polls(w, from)) do
      if poll.safe.number < top then low = low + 1 end
      if poll.safe.number > top then top, news = poll.safe.number, news + 1 end
      if poll.finalized.number > top_finalized then
        top_finalized, news = poll.finalized.number, news + 1
      end
    end
    w:expect("the slow node was heard (" .. low .. ")", low > 0)
    local n = #follow.forkchoices(w, from)
    w:expect("forkchoices (" .. n .. ") are no more than new labels (" .. news .. ")", n <= news)
  end,
}
