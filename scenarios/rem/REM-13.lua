-- The source restarts and says genesis for a while. A node that believes it takes the engine's labels
-- to block 0.
local follow = use "common/follow"

return {
  id = "REM-13",
  title = "Warm restart of the source reports genesis",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-01", "I-04", "P-9"},

  run = function(w)
    local safe, finalized = w:at(350), w:at(300)
    follow.converged(w, safe, safe, finalized)
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    local from = w:mark()
    w:source{mood = "genesis"}
    w:wait(5)
    w:expect("forkchoices meanwhile", #follow.forkchoices(w, from), 0)
    w:source{mood = "normal"}
    w:feed(safe + 1)
    w:source{unsafe = safe + 1, safe = safe + 1, finalized = finalized + 1}
    follow.settle(w, 2, "the source is followed again")
  end,
}
