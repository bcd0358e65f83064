-- The new branch is shorter than what we called safe: a reorg, not a lagging source. finalized stands,
-- and stays the source's own when the branch grows again.
local follow = use "common/follow"

return {
  id = "REO-04",
  title = "New branch is shorter: safe number decreases with divergence",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-04", "I-06", "P-8"},
  known_deviations = {{cl = "op-node", what = "after -38002 safe and finalized are set to the new tip",
                       link = "https://github.com/ethereum-optimism/optimism/issues/11462"}},

  run = function(w)
    local safe, finalized = w:at(350), w:at(40)
    follow.converged(w, safe, safe, finalized)
    local tip = w:fork("x", w:at(340), 20)
    w:engine{knows = tip}
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    w:source{unsafe = tip - 17, safe = tip - 17, finalized = finalized}
    follow.settle(w, 3, "the engine's safe block went back to the other branch")
    w:expect("safe is lower than it was", w:label("safe").number, safe.number - 7)
    w:source{unsafe = tip, safe = tip, finalized = finalized}
    follow.settle(w, 3, "the branch is followed past the old height")
    w:expect("finalized never moved", w:label("finalized"), finalized)
  end,
}
