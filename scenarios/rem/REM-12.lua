-- The source accepts the call and never answers. Gossip does not wait for it, and of the source no
-- second answer is asked for meanwhile.
local follow = use "common/follow"

return {
  id = "REM-12",
  title = "Slow responses",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-24", "R-2.4"},
  known_deviations = {{cl = "op-node", what = "a poll that hangs holds payloads up, for ten seconds each",
                       link = "https://github.com/ethereum-optimism/optimism/pull/21759"}},

  run = function(w)
    local head, finalized = w:at(300), w:at(40)
    follow.converged(w, head, head, finalized)
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == head end)
    w:hold("source", "*")
    w:within(3, "a poll hangs", function() return w:held("source") > 0 end)
    for i = 1, 30 do
      w:feed(head + i)
      w:within(1, "payload " .. i .. " goes in", function() return w:label("latest") == head + i end)
    end
    w:expect("calls of the source under way", w:held("source"), 1)
    w:advance(30)
    w:release("source")
    follow.settle(w, 3, "the source is followed again")
  end,
}
