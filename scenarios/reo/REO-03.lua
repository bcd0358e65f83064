-- The source calls another block safe at the height of ours. Nodes that compare heights alone keep the
-- dead hash and name it under the new head; the engine answers -38002 and moves all the same.
local follow = use "common/follow"

return {
  id = "REO-03",
  title = "Same height, other hash",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-03", "R-2.6", "R-2.8"},
  known_deviations = {{cl = "op-node", what = "safe and local-safe are compared by number: the new head is sent with the old safe block",
                       link = "https://github.com/ethereum-optimism/optimism/issues/21119"}},

  run = function(w)
    local safe, finalized = w:at(350), w:at(40)
    follow.converged(w, safe, safe, finalized)
    local x = w:fork("x", w:at(345), 20) - 15
    w:engine{knows = x}
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    local from = w:mark()
    w:source{unsafe = x, safe = x, finalized = finalized}
    follow.settle(w, 3)
    w:expect("height of the other block", x.number, safe.number)
    w:wait(3)
    local fcus = follow.forkchoices(w, from)
    w:expect("forkchoices it took", #fcus, 1)
    w:expect("its head", fcus[1].head, x)
    w:expect("its safe block", fcus[1].safe, x)
    w:within(2, "the node says so", function() return w:status().safe == x end)
  end,
}
