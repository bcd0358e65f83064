-- A payload the engine calls INVALID, its child, then the good blocks of the same heights.
local follow = use "common/follow"

return {
  id = "UNS-11",
  title = "EL-invalid payload, then its child, then a good block",
  priority = "P0",
  applies = "D",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-12", "R-3.1"},

  run = function(w)
    local head, finalized = w:at(300), w:at(40)
    follow.converged(w, head, head - 10, finalized)
    local bad = w:fork("x", head, 5) - 4
    w:engine{invalid = bad}
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    local from = w:mark()
    w:feed(bad, bad + 1)
    w:wait(3)
    w:feed(head + 1, head + 2)
    w:within(2, "the good blocks go in", function() return w:label("latest") == head + 2 end)
    w:wait(3)
    local tried = 0
    for _, np in ipairs(w:calls("engine", "engine_newPayload*", from)) do
      if np.block == bad then tried = tried + 1 end
    end
    w:expect("the bad block was tried once to three times, not " .. tried, tried >= 1 and tried <= 3)
    w:expect("no forkchoice named it or its child", follow.find(w, from, function(fcu)
      return bad:is_ancestor_of(fcu.head)
    end) == nil)
  end,
}
